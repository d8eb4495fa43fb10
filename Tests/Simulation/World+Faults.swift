import Hub
import Wire

/// How often what went wrong.
package struct Faults: Sendable, Equatable {
    package var cuts = 0
    package var halfOpen = 0
    package var abandoned = 0
    package var slowReaders = 0
    package var tokens = 0
    package var clockJumps = 0
    package var stalls = 0
    package var crashes = 0
    package var restarts = 0
    /// Single diffs lost, repeated or turned around.
    package var disturbed = 0
    package var storage = 0
    /// Nodes that said that they go, and went.
    package var drains = 0

    package init() {}

    package var total: Int {
        cuts + halfOpen + abandoned + slowReaders + tokens + clockJumps + stalls + crashes
            + restarts + disturbed + storage + drains
    }

    package static func + (a: Faults, b: Faults) -> Faults {
        var sum = a
        sum.cuts += b.cuts
        sum.halfOpen += b.halfOpen
        sum.abandoned += b.abandoned
        sum.slowReaders += b.slowReaders
        sum.tokens += b.tokens
        sum.clockJumps += b.clockJumps
        sum.stalls += b.stalls
        sum.crashes += b.crashes
        sum.restarts += b.restarts
        sum.disturbed += b.disturbed
        sum.storage += b.storage
        sum.drains += b.drains
        return sum
    }
}

extension World {
    func nextFaultGap() -> UInt64 {
        chance.number(1...scenario.meanFaultGap * 2) * 1_000_000
    }

    func fault() {
        if isCalm { return }
        agenda.plan(.fault, at: now + nextFaultGap())
        let client = clients[chance.number(below: clients.count)]
        switch chance.number(below: 21) {
        case 20: drain()
        case 0..<5: cut(client)
        case 5..<7: halfOpen(client)
        case 7..<10: abandon(client)
        case 10..<13: slow(client)
        case 13: jump()
        case 14..<16: stall()
        case 16: if !stands.isEmpty { crash() }
        case 17: restart(client)
        default:
            refresh(client)
            flush(client)
        }
    }

    private func cut(_ client: Client) {
        guard let line = client.line else { return }
        trace.note("line \(line.number) is cut")
        faults.cuts += 1
        sever(line)
        agenda.plan(.serverEnd(line), at: now + chance.number(0...300_000_000))
        agenda.plan(.clientEnd(line), at: now + chance.number(0...300_000_000))
    }

    /// Nobody is told; only silence shows it.
    private func halfOpen(_ client: Client) {
        guard let line = client.line else { return }
        trace.note("line \(line.number) goes dead")
        faults.halfOpen += 1
        sever(line)
    }

    private func sever(_ line: Line) {
        line.isCut = true
        line.up.removeAll()
        line.down.removeAll()
    }

    private func abandon(_ client: Client) {
        guard let line = client.line else { return }
        faults.abandoned += 1
        giveUp(line)
    }

    private func slow(_ client: Client) {
        guard client.line != nil, client.isReading else { return }
        trace.note("client \(client.number) reads no more")
        faults.slowReaders += 1
        client.isReading = false
        let longest = chance.pick([500, 3_000, 15_000] as [UInt64])
        agenda.plan(
            .read(client: client.number), at: now + chance.number(100...longest) * 1_000_000)
    }

    private func jump() {
        faults.clockJumps += 1
        let far = chance.number(100...20_000) * 1_000_000
        if chance.percent(50) {
            trace.note("the node's clock jumps")
            nodeAhead += far
            wallAhead += Int64(chance.number(0...7_200)) - 3_600
            farthestWall = max(farthestWall, wallAhead)
            for stand in stands { planTurn(stand, at: now) }
        } else {
            let client = clients[chance.number(below: clients.count)]
            trace.note("client \(client.number)'s clock jumps")
            client.clockAhead += far
            wake(client)
        }
    }

    /// A loop does nothing for a while, as if its core were taken away.
    private func stall() {
        guard !stands.isEmpty else { return }
        faults.stalls += 1
        let stand = stands[chance.number(below: stands.count)]
        trace.note("loop \(stand.number) stalls")
        stand.stalledUntil = now + chance.number(100...2_500) * 1_000_000
        // A turn that was planned before is planned anew, behind the stall.
        stand.planned = nil
        planTurn(stand, at: stand.stalledUntil)
    }

    func crash() {
        trace.note("the node is killed")
        faults.crashes += 1
        killNode()
        agenda.plan(.restart, at: now + chance.number(50...4_000) * 1_000_000)
    }

    /// The node goes in order: it tells everybody, closes what is left, and ends.
    private func drain() {
        guard !stands.isEmpty, !stands.contains(where: { $0.desk.isDraining }) else { return }
        trace.note("the node drains")
        faults.drains += 1
        let after = chance.number(50...2_000)
        for stand in stands {
            stand.desk.drain(
                after: .milliseconds(after), window: .seconds(2), now: nodeNow, carrier: stand)
        }
        agenda.plan(.shut(life: life), at: now + after * 1_000_000)
    }

    func shut(_ life: Int) {
        guard life == self.life, !stands.isEmpty else { return }
        guard lines.contains(where: { $0.life == life && $0.station != nil && !$0.isEnded }) else {
            trace.note("the node ends")
            killNode()
            agenda.plan(.restart, at: now + chance.number(50...1_000) * 1_000_000)
            return
        }
        for line in lines where line.life == life && !line.isEnded {
            guard let station = line.station, let stand = stand(line.loop) else { continue }
            stand.desk.disconnect(station, .draining, "the node goes", carrier: stand)
        }
        agenda.plan(.shut(life: life), at: now + 50_000_000)
    }

    /// A client's program ends and begins anew: what it had not been answered is nobody's.
    private func restart(_ client: Client) {
        faults.restarts += 1
        if let line = client.line { giveUp(line) }
        trace.note("client \(client.number) begins anew")
        beginAnew(client)
    }

    // MARK: Single diffs

    /// A diff is lost, comes twice, or comes behind the next. The transport of today does none of
    /// it; rule 7 stands for every transport, and for whoever plays messages back.
    func disturb(_ bytes: [UInt8], _ client: Client, _ line: Line) {
        let kind = isCalm ? 100 : chance.number(below: 100)
        let late = line.overtaken
        line.overtaken = nil
        switch kind {
        case 0..<3:
            faults.disturbed += 1
            client.session.receipt.add(bytes.count, now: client.now(now))
        case 3..<6:
            faults.disturbed += 1
            hear(bytes, client, line)
            replay(bytes, client, line)
        case 6..<9 where late == nil:
            faults.disturbed += 1
            line.overtaken = bytes
            return
        default: hear(bytes, client, line)
        }
        if let late { hear(late, client, line) }
    }

    /// The bytes come again; how far the client has read counts the first time alone.
    private func replay(_ bytes: [UInt8], _ client: Client, _ line: Line) {
        let receipt = client.session.receipt
        hear(bytes, client, line)
        client.session.receipt = receipt
    }
}
