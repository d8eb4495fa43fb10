internal import Transport
internal import Wire

extension ServerCheck {
    static let opening: [Trial] = [
        Trial("both subprotocols open, greet and show a topic", "T1", "S1", "S12", "M1", "M2") {
            (check) throws(Finding) in
            for encoding in Encoding.allCases {
                let talk = try check.ready(encoding)
                let topic = check.topic()
                let watch = try talk.watch(topic)
                try watch.expect(Map(), "a topic that does not exist")
                try demand(
                    watch.version == 0 && watch.answer.cursor.epoch.isEmpty
                        && watch.answer.cursor.version == 0,
                    "a topic that does not exist has version 0 and no epoch")
                try talk.set(topic, ["v": 1])
                try watch.hearSnapshot()
                try watch.expect(["v": 1], "the topic came into being")
                try demand(!watch.epoch.isEmpty, "the snapshot tells no epoch")
                for frame in watch.frames where encoding == .messagePack {
                    try demand(frame.last != 0xc0, "a message ends with nil")
                }
                talk.leave()
            }
        },
        Trial("open, authenticate, subscribe and publish in one flight", "S1") {
            (check) throws(Finding) in
            let talk = try check.line()
            let topic = check.topic()
            talk.say(.open(Open()))
            talk.say(.ping(Ping(nonce: 4)))
            talk.say(.authenticate(Authenticate(token: try check.token())))
            talk.say(.subscribe(Subscribe(id: 5, topic: topic)))
            talk.say(.publish(Publish(id: 6, topic: topic, change: .patch(Patch(set: ["v": 2])))))
            _ = try talk.done(talk.answer(to: 6), "a publish in the first flight")
            let watch = Watch(talk, Subscribe(id: 5, topic: topic), try talk.subscribed(5))
            while watch.document != ["v": 2] { try watch.hearSnapshot() }
        },
        Trial("a subprotocol that does not exist is not agreed to", "T1") {
            (check) throws(Finding) in
            let talk: Talk
            do throws(Finding) {
                talk = try check.line(.json, offering: ["fieldcast.v9.xml"])
            } catch {
                return
            }
            // Without a subprotocol there is nothing to say; the server must not take messages.
            talk.say(.open(Open()))
            try talk.take(within: check.settings.patience)
            try demand(talk.unread.isEmpty, "it speaks to a client that offered no known protocol")
            throw .lenient("the upgrade was answered with success; the connection was closed then")
        },
        Trial("the newest version that both know", "V1") { (check) throws(Finding) in
            let talk = try check.line()
            talk.say(json: #"{"type":"open","data":{"version":7}}"#)
            let version = try talk.hear("opened") { said in
                if case .opened(let opened) = said.message { opened.version } else { nil }
            }
            try demand(version >= 1 && version < 7, "version 7 was offered, \(version) agreed")
            let old = try check.line()
            old.say(json: #"{"type":"open","data":{"version":0}}"#)
            try old.expectEnd(512, "version 0, which nobody speaks")
        },
        Trial("the first message must be open", "S1") { (check) throws(Finding) in
            let talk = try check.line()
            talk.say(.authenticate(Authenticate(token: try check.token())))
            try talk.expectEnd(502, "authenticate before open")
        },
        Trial("a request before authentication closes", "S1") { (check) throws(Finding) in
            let talk = try check.line(.messagePack)
            talk.say(.open(Open()))
            talk.say(.subscribe(Subscribe(id: 1, topic: check.topic())))
            try talk.expectEnd(300, "subscribe before authenticate")
        },
        Trial("a bad token closes at once", "S1") { (check) throws(Finding) in
            for token in ["nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9."] as [Text] {
                let talk = try check.line()
                talk.say(.open(Open()))
                talk.say(.authenticate(Authenticate(token: token)))
                try talk.expectEnd(302, "a token that is none")
            }
            let forged = try check.line()
            forged.say(.open(Open()))
            // The right words under a wrong seal.
            var bytes = try check.token().utf8
            let place = bytes.count - 6
            bytes[place] = bytes[place] == 0x41 ? 0x42 : 0x41
            guard let text = Text(utf8: bytes.span) else { throw .untried("no text") }
            forged.say(.authenticate(Authenticate(token: text)))
            try forged.expectEnd(302, "a token whose seal is wrong")
        },
        Trial("a token that comes too late", "S1") { (check) throws(Finding) in
            let talk = try check.line()
            talk.say(.open(Open()))
            let terms = try talk.hear("opened") { said in
                if case .opened(let opened) = said.message { opened.terms } else { nil }
            }
            guard terms.authenticateTime <= 10_000 else {
                throw .untried("authenticateTime is \(terms.authenticateTime) ms")
            }
            let limit = Interval.milliseconds(terms.authenticateTime) + check.settings.patience
            try talk.expectEnd(301, "no token in time", within: limit)
        },
        Trial("said again, or by the wrong side", "S1") { (check) throws(Finding) in
            let talk = try check.ready()
            talk.say(.open(Open()))
            _ = try talk.hearProblem(502, "a second open")
            talk.say(.authenticate(Authenticate(token: try check.token())))
            _ = try talk.hearProblem(502, "a second authenticate")
            talk.say(.authenticated(Authenticated(principal: "me", tenant: "us", expires: nil)))
            _ = try talk.hearProblem(502, "what only servers say")
            try talk.fence()
        },
        Trial("goodbye", "S1") { (check) throws(Finding) in
            let talk = try check.ready(.messagePack)
            talk.say(.close(Close(code: .goodbye, reason: "done")))
            try talk.expectEnd(102, "a client's close")
        },
        Trial("each ping is answered with its nonce", "S5") { (check) throws(Finding) in
            let talk = try check.line()
            for nonce in [0, 7, 1 << 53 - 1] as [UInt64] {
                talk.say(.ping(Ping(nonce: nonce)))
                let found = try talk.hear("a pong") { said in
                    if case .pong(let pong) = said.message { pong.nonce } else { nil }
                }
                try demand(found == nonce, "ping \(nonce) was answered with \(found)")
            }
        },
        Trial("an expired token closes", "S4") { (check) throws(Finding) in
            let token = try check.token(life: .seconds(2))
            let talk = try check.ready(token: token)
            // A server may grant a little for clocks that differ.
            let limit = Interval.seconds(40)
            try talk.expectEnd(303, "a token that was good for 2 s", within: limit)
        },
        Trial("a newer token", "S3") { (check) throws(Finding) in
            let talk = try check.ready()
            talk.say(.refresh(Authenticate(token: "nonsense")))
            _ = try talk.hearProblem(302, "a refresh with a bad token")
            talk.say(.refresh(Authenticate(token: try check.token())))
            _ = try talk.hear("authenticated") { said in
                if case .authenticated(let body) = said.message { body } else { nil }
            }
            try talk.fence()
        },
        Trial("a newer token that shows less begins the view anew", "S3", "D22") {
            (check) throws(Finding) in
            let whole: Value = [["pattern": "**", "read": true, "write": true]]
            let part: Value = [["pattern": "**", "read": [["a"]], "write": true]]
            let talk = try check.ready(token: try check.token(topics: whole))
            let topic = check.topic()
            try talk.set(topic, ["a": 1, "b": 2])
            let watch = try talk.watch(topic)
            try watch.expect(["a": 1, "b": 2], "with every right")
            talk.say(.refresh(Authenticate(token: try check.token(topics: part))))
            let answer = try talk.subscribed(watch.request.id)
            try demand(answer.verdict == .snapshot, "a narrower view goes on as it was")
            let again = Watch(talk, watch.request, answer)
            try again.begin()
            try again.expect(["a": 1], "with less rights")
            let none: Value = [["pattern": "other", "read": true]]
            talk.say(.refresh(Authenticate(token: try check.token(topics: none))))
            let code = try talk.unsubscribed(watch.request.id)
            try demand(code == .notAllowed, "a view that is not allowed any more: 504")
        },
        Trial("an idle connection is closed", "S6") { (check) throws(Finding) in
            let talk = try check.ready()
            guard talk.terms.inactivityTime <= 10_000 else {
                throw .untried("inactivityTime is \(talk.terms.inactivityTime) ms")
            }
            let limit = Interval.milliseconds(talk.terms.inactivityTime) + .seconds(5)
            try talk.expectEnd(206, "no subscription, no request", within: limit)
        },
    ]
}
