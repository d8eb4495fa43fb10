import Testing
import Wire

/// `spec/vectors/delivery.json`: what publishers and readers keep in their books. Those for the
/// server's books run in HubTests.
@Suite("The vectors of the specification for delivery") struct DeliveryVectorTests {
    static let sequences = (try? Script.load("delivery")) ?? []

    static func of(_ machine: String) -> [Script] {
        sequences.filter { $0.map.text("machine") == machine }
    }

    @Test("are at least forty, of machines that somebody runs") func counts() {
        let here = ["outbox", "inbox", "backoff", "mirror", "receipt", "flow"]
        let inHubTests = ["ledger", "name"]
        #expect(Self.sequences.count >= 40)
        for sequence in Self.sequences {
            let machine = sequence.map.text("machine") ?? ""
            #expect((here + inHubTests).contains(machine), "\(sequence.id)")
            #expect(!sequence.steps.isEmpty, "\(sequence.id)")
        }
    }

    @Test("hold for a publisher's outbox") func outbox() throws {
        var generator = SeededGenerator(seed: 1)
        for sequence in Self.of("outbox") {
            var outbox = Outbox()
            if let limit = sequence.given.number("inFlight") { outbox.inFlightLimit = Int(limit) }
            for step in sequence.steps { try play(step, &outbox, &generator, sequence.id) }
        }
    }

    private func play(
        _ step: Step, _ outbox: inout Outbox, _ generator: inout SeededGenerator, _ id: String
    ) throws {
        if let body = step.step("publish") {
            let number = outbox.publish(Text(body.text("topic") ?? ""), try change(body))
            #expect(number == step.number("id"), "\(id)")
        } else if let body = step.step("command") {
            let name = Text(body.text("name") ?? "")
            #expect(outbox.command(name, body["data"] ?? .null) == step.number("id"), "\(id)")
        } else if step.has("says") {
            var said: [Message] = []
            while let message = outbox.next(now: step.now) { said.append(message) }
            #expect(said == (try step.allSpoken("says")).map(\.message), "\(id)")
        } else if step.flag("cut") {
            outbox.disconnected()
        } else if let spoken = try step.spoken("receives") {
            let outcome = received(spoken.message, &outbox, step.now, &generator)
            expect(outcome, step, id)
            let waited = outbox.deadline.map { $0.since(Step.start).wholeMilliseconds }
            if let until = step.number("waits") { #expect(waited == until, "\(id)") }
            let range = step.numbers("waitsBetween")
            if range.count == 2 {
                #expect(waited.map { (range[0]...range[1]).contains($0) } == true, "\(id)")
            }
        } else {
            Issue.record("\(id): no such step")
        }
    }

    private func received(
        _ message: Message, _ outbox: inout Outbox, _ now: Instant,
        _ generator: inout SeededGenerator
    ) -> Outbox.Outcome {
        switch message {
        case .ack(let ack): return outbox.received(ack)
        case .reply(let reply): return outbox.received(reply)
        case .nack(let nack): return outbox.received(nack, now: now, using: &generator)
        default: return .unknown
        }
    }

    private func expect(_ outcome: Outbox.Outcome, _ step: Step, _ id: String) {
        #expect(outcome.name == step.text("outcome"), "\(id)")
        switch outcome {
        case .acknowledged(let version): #expect(version == step.number("version"), "\(id)")
        case .replied(let data): #expect(data == step["data"], "\(id)")
        case .postponed(let code): #expect(code.rawValue == step.number("code"), "\(id)")
        case .refused(let nack):
            #expect(nack.code.rawValue == step.number("code"), "\(id)")
            #expect(nack.version == step.number("version"), "\(id)")
        case .unknown: break
        }
    }

    /// The change that a step's publish asks for, read by way of the message it becomes.
    private func change(_ body: Step) throws -> Publish.Change {
        var data = body.map
        data["id"] = 1
        let envelope: Value = ["type": "publish", "data": .map(data)]
        guard case .publish(let publish) = try Message(json: envelope.json.span) else {
            return .patch(Patch())
        }
        return publish.change
    }

    @Test("hold for a reader's inbox") func inbox() throws {
        for sequence in Self.of("inbox") {
            var inbox = Inbox(done: sequence.given.number("done") ?? 0)
            let subscription = sequence.given.number("subscription") ?? 0
            for step in sequence.steps {
                if let event = step.number("event") {
                    let verdict = inbox.received(event)
                    #expect(verdict.name == step.text("verdict"), "\(sequence.id)")
                    if case .gap(let first) = verdict {
                        #expect(first == step.number("missing"), "\(sequence.id)")
                    }
                } else if let done = step.number("done") {
                    inbox.finished(done)
                } else if let refused = step.number("refused") {
                    inbox.refused(refused)
                } else if let end = step.number("skip") {
                    inbox.skip(to: end)
                } else if step.has("acknowledges") {
                    let said = inbox.acknowledgement(subscription).map { Message.ack($0) }
                    let due = step["acknowledges"] == .null ? nil : try step.spoken("acknowledges")
                    #expect(said == due?.message, "\(sequence.id)")
                } else {
                    Issue.record("\(sequence.id): no such step")
                }
            }
        }
    }

    /// The waits lie where they should, and use the room that they have.
    @Test("hold for the back-off") func backoff() {
        var generator = SeededGenerator(seed: 7)
        for sequence in Self.of("backoff") {
            var least: [Int: UInt64] = [:]
            var most: [Int: UInt64] = [:]
            for _ in 0..<500 {
                var backoff = Backoff()
                for (i, step) in sequence.steps.enumerated() {
                    if step.flag("reset") {
                        backoff.reset()
                        continue
                    }
                    #expect(backoff.tries + 1 == Int(step.number("try") ?? 0), "\(sequence.id)")
                    let wait = backoff.next(using: &generator).wholeMilliseconds
                    least[i] = min(least[i] ?? .max, wait)
                    most[i] = max(most[i] ?? 0, wait)
                }
            }
            for (i, step) in sequence.steps.enumerated() where step.has("try") {
                let range = step.numbers("betweenMs")
                let room = range[1] - range[0]
                let low = least[i] ?? 0
                let high = most[i] ?? 0
                #expect(low >= range[0] && high <= range[1], "\(sequence.id), \(i)")
                #expect(low < range[0] + room / 4 && high > range[1] - room / 4, "\(sequence.id)")
            }
        }
    }

    @Test("hold for what a reader reports, and how it is judged by that") func flow() throws {
        for sequence in Self.of("receipt") + Self.of("flow") {
            let terms = Terms(
                unconfirmedBytes: sequence.given.number("unconfirmedBytes") ?? 0,
                unconfirmedTime: sequence.given.number("unconfirmedTime") ?? 0)
            var receipt = Receipt()
            var flow = Flow()
            for step in sequence.steps {
                if let count = step.number("received") {
                    receipt.add(Int(count), now: step.now)
                } else if step.has("due") {
                    let due = receipt.isDue(terms, now: step.now)
                    #expect(due == step.flag("due"), "\(sequence.id)")
                } else if let seen = try step.spoken("reports") {
                    let said = Message.seen(Seen(position: receipt.say()))
                    #expect(said == seen.message, "\(sequence.id)")
                } else if let count = step.number("sent") {
                    flow.add(Int(count), now: step.now)
                } else if step.has("behind") {
                    let behind = flow.isLagging(terms, now: step.now)
                    #expect(behind == step.flag("behind"), "\(sequence.id)")
                } else if let position = step.number("confirms") {
                    let taken = flow.confirm(position, now: step.now)
                    #expect(taken == step.flag("taken"), "\(sequence.id)")
                } else {
                    Issue.record("\(sequence.id): no such step")
                }
            }
        }
    }

    @Test("hold for a mirror, in both encodings", arguments: Encoding.allCases)
    func mirror(_ encoding: Encoding) throws {
        for sequence in Self.of("mirror") {
            var mirror = Mirror()
            if case .map(let document)? = sequence.given["document"] {
                mirror.reset(to: document, version: sequence.given.number("version") ?? 0)
            }
            for step in sequence.steps {
                guard let spoken = try step.spoken("receives") else { continue }
                let message = Message.decoded(spoken.bytes(encoding), encoding)
                guard case .success(.diff(let diff)) = message else {
                    Issue.record("\(sequence.id) is no diff")
                    continue
                }
                let verdict = mirror.apply(diff)
                #expect("\(verdict)" == step.text("verdict"), "\(sequence.id)")
                #expect(mirror.version == step.number("held"), "\(sequence.id)")
                #expect(.map(mirror.document) == step["document"], "\(sequence.id)")
            }
        }
    }
}

extension Outbox.Outcome {
    var name: String {
        switch self {
        case .acknowledged: "acknowledged"
        case .replied: "replied"
        case .postponed: "postponed"
        case .refused: "refused"
        case .unknown: "unknown"
        }
    }
}

extension Inbox.Verdict {
    var name: String {
        switch self {
        case .fresh: "fresh"
        case .repeated: "repeated"
        case .underWay: "underWay"
        case .gap: "gap"
        }
    }
}
