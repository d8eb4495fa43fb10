import Testing
import Wire

/// `spec/vectors/sessions.json`, the server's side: what a connection is answered, and when.
@Suite("The vectors of the specification for a server's sessions") struct ServerVectorTests {
    static let sequences = ((try? Script.load("sessions")) ?? []).filter {
        $0.map.text("side") == "server"
    }

    @Test("are many, with those for clients at least forty") func counts() throws {
        #expect(Self.sequences.count >= 20)
        #expect(try Script.load("sessions").count >= 40)
    }

    @Test("hold in both encodings", arguments: Encoding.allCases)
    func hold(_ encoding: Encoding) throws {
        for sequence in Self.sequences {
            let terms = try #require(try Self.terms(sequence.given), "\(sequence.id)")
            var session = ServerSession(
                connection: Text(sequence.given.text("connection") ?? ""), terms: terms,
                now: Step.start)
            for (i, step) in sequence.steps.enumerated() {
                try play(step, &session, encoding, "\(sequence.id), step \(i)")
            }
        }
    }

    /// The terms, read as `opened` would carry them.
    static func terms(_ given: Step) throws -> Terms? {
        let data: Value = [
            "version": 1, "connection": "c", "terms": given["terms"] ?? .map([:]),
        ]
        let envelope: Value = ["type": "opened", "data": data]
        guard case .opened(let opened) = try Message(json: envelope.json.span) else { return nil }
        return opened.terms
    }

    private func play(
        _ step: Step, _ session: inout ServerSession, _ encoding: Encoding, _ place: String
    ) throws {
        let reaction: ServerSession.Reaction
        var passed: Message?
        if let spoken = try step.spoken("receives") {
            let decoded = Message.decoded(spoken.bytes(encoding), encoding)
            let message = try decoded.get()
            passed = message
            reaction = session.received(message, now: step.now)
        } else if let input = step.step("receivesBytes") {
            guard case .failure(let error) = Message.decoded(input.bytes(encoding), encoding)
            else {
                Issue.record("\(place) is a message")
                return
            }
            reaction = session.received(error, now: step.now)
        } else if let token = step.step("token") {
            reaction =
                token.flag("accepted")
                ? session.accepted(
                    principal: Text(token.text("principal") ?? ""),
                    tenant: Text(token.text("tenant") ?? ""),
                    lifetime: token.number("lifetime").map { .milliseconds($0) }, now: step.now)
                : session.rejected(.tokenInvalid, "no")
        } else if step.flag("clock") {
            let busy = step.flag("busy")
            if !step.has("does") {
                // What happens by time alone happens at the deadline that was told.
                let due = session.deadline(busy: busy)
                #expect(due.map { $0 <= step.now } == true, "\(place)")
            }
            reaction = session.reached(step.now, busy: busy)
        } else if let count = step.number("sent") {
            session.flow.add(Int(count), now: step.now)
            return
        } else {
            Issue.record("\(place): no such step")
            return
        }
        try expect(reaction, step, passed, place)
    }

    private func expect(
        _ reaction: ServerSession.Reaction, _ step: Step, _ passed: Message?, _ place: String
    ) throws {
        switch reaction {
        case .none: #expect(step.text("does") == "nothing", "\(place)")
        case .verify(let token): #expect(step.text("verifies") == token.string, "\(place)")
        case .pass(let message):
            #expect(step.flag("passes"), "\(place)")
            #expect(message == passed, "\(place)")
        case .close(let code, _): #expect(step.number("closes") == code.rawValue, "\(place)")
        case .answer(.error(let problem)):
            // What it says to people is not compared.
            guard case .error(let due)? = try step.spoken("answers")?.message else {
                Issue.record("\(place): an error \(problem.code.rawValue)")
                return
            }
            #expect(problem.code == due.code, "\(place)")
            #expect(problem.id == due.id, "\(place)")
        case .answer(let message):
            #expect(try step.spoken("answers")?.message == message, "\(place)")
        }
    }
}

extension Step {
    /// Bytes that are given in both encodings, and are no message.
    func bytes(_ encoding: Encoding) -> [UInt8] {
        switch encoding {
        case .json: Array((text("json") ?? "").utf8)
        case .messagePack: WireTests.bytes(text("messagePack") ?? "")
        }
    }
}
