import Hub
import Wire

/// How what a hub hands to the store is written: MessagePack arrays by position, what is absent a
/// nil. A form is never changed; a new one is a step of the schema.
///
///     record      [version, time, change, expiries, answer]
///     change      [0, unsets, set, increments, conditions] or [1, event]
///     answer      [principal, instance, id, fingerprint, version]
///     checkpoint  [version, floor, entries, expiries, chapters, first event, events]
///     entry       [path, set, cleared] or [path, set, cleared, value]
///     chapter     [principal, instance, forgotten, [id, fingerprint, version, ...]]
///     name        [done, [low, high, ...], [sequence, count, ...]]
///     letter      [name, sequence, code, deliveries, data]
extension Writer {
    mutating func pack(_ records: [Record]) {
        packArray(records.count)
        for record in records { pack(record) }
    }

    private mutating func pack(_ record: Record) {
        packArray(5)
        pack(record.version)
        pack(Value.time(record.time))
        pack(record.change)
        pack(record.expiries)
        guard let answer = record.answer else {
            packNil()
            return
        }
        packArray(5)
        pack(answer.principal)
        pack(answer.instance)
        pack(answer.id)
        pack(answer.fingerprint)
        pack(answer.version)
    }

    private mutating func pack(_ change: Publish.Change) {
        switch change {
        case .patch(let patch):
            packArray(5)
            pack(UInt64(0))
            packArray(patch.unset.count)
            for path in patch.unset { pack(path) }
            pack(patch.set)
            packArray(patch.increments.count)
            for increment in patch.increments {
                packArray(2)
                pack(increment.path)
                pack(increment.amount)
            }
            packArray(patch.conditions.count)
            for condition in patch.conditions {
                packArray(2)
                pack(condition.path)
                pack(condition.version)
            }
        case .event(let data):
            packArray(2)
            pack(UInt64(1))
            pack(data)
        }
    }

    private mutating func pack(_ path: Path) {
        packArray(path.segments.count)
        for segment in path.segments { pack(segment) }
    }

    private mutating func pack(_ expiries: [Record.Expiry]) {
        packArray(expiries.count)
        for expiry in expiries {
            packArray(2)
            pack(expiry.path)
            pack(Value.time(expiry.at))
        }
    }

    /// Without the events, which stand in the log.
    mutating func pack(_ checkpoint: TopicCheckpoint) {
        packArray(7)
        pack(checkpoint.document.version)
        pack(checkpoint.document.floor)
        packArray(checkpoint.document.entries.count)
        for entry in checkpoint.document.entries {
            packArray(entry.value == nil ? 3 : 4)
            pack(entry.path)
            pack(entry.set)
            pack(entry.cleared)
            if let value = entry.value { pack(value) }
        }
        pack(checkpoint.expiries)
        packArray(checkpoint.ledger.count)
        for chapter in checkpoint.ledger { pack(chapter) }
        pack(checkpoint.events.first?.sequence ?? 0)
        pack(UInt64(checkpoint.events.count))
    }

    private mutating func pack(_ chapter: Ledger.Chapter) {
        packArray(4)
        pack(chapter.principal)
        pack(chapter.instance)
        pack(chapter.forgotten)
        packArray(chapter.lines.count * 3)
        for line in chapter.lines {
            pack(line.id)
            pack(line.fingerprint)
            pack(line.version)
        }
    }

    mutating func pack(_ state: DurableName.State) {
        packArray(3)
        pack(state.done)
        packArray(state.beyond.list.count * 2)
        for range in state.beyond.list {
            pack(range.lowerBound)
            pack(range.upperBound)
        }
        packArray(state.deliveries.count * 2)
        for delivery in state.deliveries {
            pack(delivery.sequence)
            pack(delivery.count)
        }
    }

    mutating func pack(_ letter: DeadLetter) {
        packArray(5)
        pack(letter.name)
        pack(letter.sequence)
        pack(letter.code.rawValue)
        pack(letter.deliveries)
        pack(letter.data)
    }
}
