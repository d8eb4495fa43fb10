import Hub
import Transport
import Wire

/// The metrics in Prometheus's text form. No metric has a label of a user or a topic: their number
/// does not grow with who comes.
struct Metrics {
    private(set) var text: [UInt8] = []

    /// Everything that is told, with its kind and what it means: docs/metrics.md lists the same.
    static let catalogue: [(name: String, kind: String, help: String)] = [
        ("fieldcast_connections", "gauge", "WebSockets and framed streams that are open."),
        ("fieldcast_streams", "gauge", "Event streams that are open."),
        ("fieldcast_pollers", "gauge", "Requests over HTTP that wait for news."),
        ("fieldcast_subscriptions", "gauge", "Subscriptions of all of these."),
        ("fieldcast_topics", "gauge", "Topics in memory."),
        ("fieldcast_messages_total", "counter", "Messages received."),
        ("fieldcast_received_bytes_total", "counter", "Bytes of these, before framing."),
        ("fieldcast_problems_total", "counter", "Messages that made no sense."),
        ("fieldcast_patches_total", "counter", "Patches applied."),
        ("fieldcast_events_total", "counter", "Events appended."),
        ("fieldcast_signals_total", "counter", "Signals passed on."),
        ("fieldcast_expiries_total", "counter", "Fields that unset themselves."),
        (
            "fieldcast_reclaimed_topics_total", "counter",
            "Topics that went because nobody needed them for as long as they are kept."
        ),
        ("fieldcast_repeats_total", "counter", "Publishes that were answered from the ledger."),
        ("fieldcast_frames_total", "counter", "Frames made, each once for its whole audience."),
        ("fieldcast_deliveries_total", "counter", "Frames handed to connections."),
        ("fieldcast_delivered_bytes_total", "counter", "Bytes of these, before framing."),
        ("fieldcast_snapshots_total", "counter", "Snapshots made."),
        ("fieldcast_catchups_total", "counter", "Diffs made for single readers."),
        ("fieldcast_merged_versions_total", "counter", "Versions merged for slow readers."),
        ("fieldcast_lagging_total", "counter", "Times that a reader fell behind: the first rung."),
        ("fieldcast_snapshot_rungs_total", "counter", "Slow readers that got a snapshot."),
        ("fieldcast_slowed_total", "counter", "Slow readers that got a lower rate."),
        ("fieldcast_closed_slow_total", "counter", "Slow readers that were disconnected."),
        ("fieldcast_repairs_total", "counter", "Mirrors repaired because their hash differed."),
        ("fieldcast_dead_letters_total", "counter", "Events that became dead letters."),
        ("fieldcast_refused_patches_total", "counter", "Patches refused, conflicts included."),
        ("fieldcast_refused_connections_total", "counter", "Connections refused by a limit."),
        ("fieldcast_refused_tokens_total", "counter", "Tokens that were not good."),
        ("fieldcast_refused_rates_total", "counter", "Requests refused by a publisher's rate."),
        ("fieldcast_throttled_total", "counter", "Times that a connection was not read a while."),
        ("fieldcast_apply_seconds", "histogram", "From a turn's begin until its frames were made."),
        ("fieldcast_deliver_seconds", "histogram", "From there until they were in their queues."),
        ("fieldcast_store_seconds", "histogram", "From a commit's request to its answer."),
        ("fieldcast_loop_lag_seconds", "histogram", "How late a loop was for its own timer."),
        ("fieldcast_store_commits_total", "counter", "Commits that were stored."),
        ("fieldcast_store_failed_commits_total", "counter", "Commits that were not."),
        ("fieldcast_store_groups_total", "counter", "Transactions, each with many commits."),
        ("fieldcast_store_failing", "gauge", "1 while what is published cannot be stored."),
        ("fieldcast_memory_pressure", "gauge", "What is refused for want of memory: 0 nothing."),
        ("fieldcast_resident_bytes", "gauge", "Memory of the process."),
        (
            "fieldcast_connection_bytes", "gauge",
            "Memory of the process beyond what it had at its start, for each connection."
        ),
        ("fieldcast_loops", "gauge", "Event loops."),
    ]

    init(
        _ counters: LoopCounters, store: Store.Counts?, pressure: Pressure, residentBytes: UInt64,
        bytesAtStart: UInt64, loops: Int
    ) {
        let grown = residentBytes - min(residentBytes, bytesAtStart)
        let connections = counters.connections + counters.streams + counters.pollers
        let values: [String: UInt64] = [
            "fieldcast_connections": UInt64(clamping: counters.connections),
            "fieldcast_streams": UInt64(clamping: counters.streams),
            "fieldcast_pollers": UInt64(clamping: counters.pollers),
            "fieldcast_subscriptions": UInt64(clamping: counters.subscriptions),
            "fieldcast_topics": UInt64(clamping: counters.topics),
            "fieldcast_messages_total": counters.desk.messages,
            "fieldcast_received_bytes_total": counters.desk.receivedBytes,
            "fieldcast_problems_total": counters.desk.problems,
            "fieldcast_patches_total": counters.hub.patches,
            "fieldcast_events_total": counters.hub.events,
            "fieldcast_signals_total": counters.hub.signals,
            "fieldcast_expiries_total": counters.hub.expiries,
            "fieldcast_reclaimed_topics_total": counters.hub.reclaimed,
            "fieldcast_repeats_total": counters.hub.repeats,
            "fieldcast_frames_total": counters.hub.frames,
            "fieldcast_deliveries_total": counters.desk.deliveries,
            "fieldcast_delivered_bytes_total": counters.desk.deliveredBytes,
            "fieldcast_snapshots_total": counters.hub.snapshots,
            "fieldcast_catchups_total": counters.hub.catchUps,
            "fieldcast_merged_versions_total": counters.desk.merged,
            "fieldcast_lagging_total": counters.desk.lags,
            "fieldcast_snapshot_rungs_total": counters.desk.snapshotRungs,
            "fieldcast_slowed_total": counters.desk.slowed,
            "fieldcast_closed_slow_total": counters.desk.closedSlow,
            "fieldcast_repairs_total": counters.desk.repairs,
            "fieldcast_dead_letters_total": counters.hub.deadLetters,
            "fieldcast_refused_patches_total": counters.hub.refusals,
            "fieldcast_refused_connections_total": counters.refusals.connections,
            "fieldcast_refused_tokens_total": counters.refusals.tokens,
            "fieldcast_refused_rates_total": counters.refusals.publishes,
            "fieldcast_throttled_total": counters.refusals.throttled,
            "fieldcast_store_commits_total": store?.commits ?? 0,
            "fieldcast_store_failed_commits_total": store?.failedCommits ?? 0,
            "fieldcast_store_groups_total": store?.groups ?? 0,
            "fieldcast_store_failing": store?.isFailing == true ? 1 : 0,
            "fieldcast_memory_pressure": UInt64(pressure.rawValue),
            "fieldcast_resident_bytes": residentBytes,
            "fieldcast_connection_bytes":
                connections > 0 ? grown / UInt64(connections) : 0,
            "fieldcast_loops": UInt64(clamping: loops),
        ]
        let histograms: [String: TimeHistogram] = [
            "fieldcast_apply_seconds": counters.timing.applied,
            "fieldcast_deliver_seconds": counters.timing.delivered,
            "fieldcast_store_seconds": counters.timing.stored,
            "fieldcast_loop_lag_seconds": counters.timing.lag,
        ]
        for (name, kind, help) in Metrics.catalogue {
            write("# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n")
            if let histogram = histograms[name] {
                write(histogram, name)
            } else {
                write("\(name) \(values[name] ?? 0)\n")
            }
        }
    }

    private mutating func write(_ line: String) { text += line.utf8 }

    /// Prometheus wants the buckets cumulative.
    private mutating func write(_ histogram: TimeHistogram, _ name: String) {
        var sum: UInt64 = 0
        for bucket in 0..<TimeHistogram.buckets {
            sum += histogram.counts[bucket]
            let bound = Double(TimeHistogram.bound(bucket).nanoseconds) / 1e9
            write("\(name)_bucket{le=\"\(bound)\"} \(sum)\n")
        }
        write("\(name)_bucket{le=\"+Inf\"} \(histogram.count)\n")
        write("\(name)_sum \(Double(histogram.nanoseconds) / 1e9)\n")
        write("\(name)_count \(histogram.count)\n")
    }
}
