import Testing
import Wire

/// `spec/vectors/sessions.json`, the client's side: what is said when, and what is held.
@Suite("The vectors of the specification for a client's sessions") struct ClientVectorTests {
    static let sequences = ((try? Script.load("sessions")) ?? []).filter {
        $0.map.text("side") == "client"
    }

    @Test("hold in both encodings", arguments: Encoding.allCases)
    func hold(_ encoding: Encoding) throws {
        #expect(Self.sequences.count >= 15)
        for sequence in Self.sequences {
            let only = sequence.given.text("encoding")
            if let only, only != "\(encoding)" { continue }
            var player = Player(sequence, encoding)
            for (i, step) in sequence.steps.enumerated() {
                try player.play(step, "\(sequence.id), step \(i)")
            }
        }
    }

    private struct Player {
        let encoding: Encoding
        var session: ClientSession
        var generator = SeededGenerator(seed: 1)

        init(_ sequence: Script, _ encoding: Encoding) {
            self.encoding = encoding
            session = ClientSession(
                ClientSession.Settings(
                    encoding: encoding, token: Text(sequence.given.text("token") ?? ""),
                    instance: Text(sequence.given.text("instance") ?? "")))
        }

        mutating func play(_ step: Step, _ place: String) throws {
            if let action = step.step("do") { try act(action, step, place) }
            if step.flag("cut") { session.disconnected() }
            if step.flag("connects") { session.connected(now: step.now) }
            if step.flag("clock") { session.reached(step.now) }
            if let spoken = try step.spoken("receives") {
                receive(spoken.bytes(encoding), step, place)
            }
            if let input = step.step("receivesBytes") {
                receive(input.bytes(encoding), step, place)
            }
            if step.has("says") {
                var said: [Message] = []
                while let message = session.nextMessage(now: step.now) { said.append(message) }
                #expect(said == (try step.allSpoken("says")).map(\.message), "\(place)")
            }
            if step.has("dead") {
                #expect(session.isHalfOpen(step.now) == step.flag("dead"), "\(place)")
            }
            if let held = step.step("holds") {
                let mirror = session[held.number("id") ?? 0]?.mirror
                #expect(mirror?.version == held.number("version"), "\(place)")
                #expect(mirror.map { .map($0.document) } == held["document"], "\(place)")
            }
        }

        private mutating func receive(_ bytes: [UInt8], _ step: Step, _ place: String) {
            session.received(bytes.span, now: step.now, using: &generator)
            var notices: [Step] = []
            while let notice = session.nextNotice() { notices.append(Self.step(notice)) }
            let due = step.list("notices").compactMap { Step($0) }
            #expect(notices.map { $0.text("notice") } == due.map { $0.text("notice") }, "\(place)")
            for (notice, due) in zip(notices, due) {
                // What the vector does not say is not compared.
                for entry in due.map.entries {
                    #expect(notice[entry.key] == entry.value, "\(place)")
                }
            }
        }

        private mutating func act(_ action: Step, _ step: Step, _ place: String) throws {
            if let body = action.step("subscribe") {
                let id = session.subscribe(
                    Text(body.text("topic") ?? ""), name: body.text("name").map { Text($0) },
                    start: body.text("start") == "earliest" ? .earliest : nil,
                    credit: body.number("credit"))
                #expect(id == step.number("id"), "\(place)")
            } else if let body = action.step("publish") {
                guard case .map(let set)? = body["set"] else { return }
                let id = session.publish(
                    Text(body.text("topic") ?? ""), .patch(Patch(set: set)))
                #expect(id == step.number("id"), "\(place)")
            } else if let body = action.step("will"), case .map(let set)? = body["set"] {
                session.leave(
                    Will(topic: Text(body.text("topic") ?? ""), patch: Patch(set: set)))
            } else if let body = action.step("presence") {
                session.attend(
                    Presence(topic: Text(body.text("topic") ?? ""), state: body["state"]))
            } else if let id = action.number("unsubscribe") {
                session.unsubscribe(id)
            } else if let id = action.number("prove") {
                session.prove(id)
            } else if let token = action.text("refresh") {
                session.refresh(Text(token))
            } else if action.has("done") {
                let numbers = action.numbers("done")
                session.done(numbers[0], numbers[1])
            } else if action.has("refuse") {
                let numbers = action.numbers("refuse")
                session.refuse(
                    numbers[0], numbers[1], Code(rawValue: numbers[2]),
                    after: numbers.count > 3 ? numbers[3] : nil)
            } else {
                Issue.record("\(place): no such action")
            }
        }

        /// A notice in the words of the vectors.
        private static func step(_ notice: ClientSession.Notice) -> Step {
            func made(_ name: Text, _ fields: KeyValuePairs<Text, Value?> = [:]) -> Step {
                var map: Map = ["notice": .text(name)]
                for (key, value) in fields { map[key] = value }
                return Step(map)
            }
            func n(_ n: UInt64) -> Value { .unsigned(n) }
            switch notice {
            case .authenticated: return made("authenticated")
            case .subscribed(let id, let verdict):
                return made("subscribed", ["id": n(id), "verdict": .text(Text("\(verdict)"))])
            case .unsubscribed(let id, let code):
                return made("unsubscribed", ["id": n(id), "code": code.map { n($0.rawValue) }])
            case .postponed(let id, let code):
                return made("postponed", ["id": n(id), "code": n(code.rawValue)])
            case .snapshot(let id): return made("snapshot", ["id": n(id)])
            case .changed(let id, _): return made("changed", ["id": n(id)])
            case .stale(let id): return made("stale", ["id": n(id)])
            case .gap(let id): return made("gap", ["id": n(id)])
            case .proven(let id, _): return made("proven", ["id": n(id)])
            case .diverged(let id, _): return made("diverged", ["id": n(id)])
            case .event(let id, let event, let verdict):
                return made(
                    "event",
                    [
                        "id": n(id), "sequence": n(event.sequence),
                        "verdict": .text(Text(verdict.name)),
                    ])
            case .signal: return made("signal")
            case .lag(let id, _): return made("lag", ["id": n(id)])
            case .outcome(let id, .acknowledged(let version)):
                return made(
                    "outcome", ["id": n(id), "outcome": "acknowledged", "version": n(version)])
            case .outcome(let id, let outcome):
                return made("outcome", ["id": n(id), "outcome": .text(Text(outcome.name))])
            case .page: return made("page")
            case .problem(let problem):
                return made("problem", ["code": n(problem.code.rawValue)])
            case .drain: return made("drain")
            case .closing(let close): return made("closing", ["code": n(close.code.rawValue)])
            case .malformed: return made("malformed")
            }
        }
    }
}
