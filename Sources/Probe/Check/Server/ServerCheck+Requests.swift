internal import Transport
internal import Wire

extension ServerCheck {
    /// A whole answer to a request.
    struct Answer {
        var status: UInt16
        var fields: HTTPFields
        var body: [UInt8]

        /// The messages of a list, or the one.
        func messages() throws(Finding) -> [Message] {
            guard let value = try? Value(json: body.span) else {
                throw .fail("an answer that is no JSON: \(Talk.shown(body))")
            }
            let list = if case .array(let values) = value { values } else { [value] }
            var messages: [Message] = []
            for value in list {
                guard let message = try? Message(json: value.json.span) else {
                    throw .fail("an answer that is no message: \(FieldList.words(value))")
                }
                messages.append(message)
            }
            return messages
        }
    }

    /// Makes a request with the token in its header.
    func call(
        _ method: HTTPMethod = .get, _ target: String, _ body: String = "",
        _ fields: [(name: String, value: String)] = [], token: Text? = nil, within: Interval? = nil
    ) throws(Finding) -> Answer {
        let id = try begin(method, target, body, fields, token)
        defer { lines.loop.abort(id) }
        let limit = System.now + (within ?? settings.patience)
        var answer: Answer?
        while System.now < limit {
            switch lines.next(id, within: limit.since(System.now)) {
            case .head(let head)?:
                answer = Answer(status: head.status.rawValue, fields: head.fields, body: [])
            case .body(let bytes)?: answer?.body += bytes
            case .answered?: if let answer { return answer }
            case .closed(let end)?: throw .fail("\(target): \(LoadRun.words(end))")
            case .opened?, .message?, nil: break
            }
        }
        throw .fail("\(target) was not answered")
    }

    private func begin(
        _ method: HTTPMethod, _ target: String, _ body: String,
        _ fields: [(name: String, value: String)], _ token: Text?
    ) throws(Finding) -> ConnectionID {
        let shown: Text
        if let token { shown = token } else { shown = try self.token() }
        var all = fields
        if !shown.isEmpty { all.append(("authorization", "Bearer \(shown)")) }
        if method == .post, !fields.contains(where: { $0.name == "content-type" }) {
            all.append(("content-type", "application/json"))
        }
        let call = HTTPCall(
            method, host: settings.target.authority, target: target, fields: all,
            body: [UInt8](body.utf8))
        do throws(Errno) {
            return try lines.loop.connect(to: settings.address, tls: settings.target.tls, call)
        } catch {
            throw .fail("cannot connect: \(error)")
        }
    }

    /// Reads a stream of events until so many came; each as its id and its data.
    private func stream(
        _ target: String, _ fields: [(name: String, value: String)], count: Int,
        then act: () throws(Finding) -> Void
    ) throws(Finding) -> [(id: String?, data: String)] {
        let id = try begin(.get, target, "", fields, nil)
        defer { lines.loop.abort(id) }
        var text: [UInt8] = []
        var hasActed = false
        let limit = System.now + settings.patience
        while System.now < limit {
            switch lines.next(id, within: limit.since(System.now)) {
            case .head(let head)?:
                let type = head.fields.first("content-type") ?? ""
                try demand(
                    head.status == .ok && type.hasPrefix("text/event-stream"),
                    "a stream was answered with \(head.status.rawValue), \(type)")
            case .body(let bytes)?: text += bytes
            case .closed?, .answered?: throw .fail("a stream ended by itself")
            case .opened?, .message?, nil: break
            }
            let events = ServerCheck.events(text)
            if events.count >= count { return events }
            if !hasActed, !events.isEmpty {
                hasActed = true
                try act()
            }
        }
        throw .fail("\(ServerCheck.events(text).count) events came of \(count) awaited")
    }

    private static func events(_ text: [UInt8]) -> [(id: String?, data: String)] {
        var events: [(id: String?, data: String)] = []
        var (id, data) = (String?.none, String?.none)
        let lines = String(decoding: text, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        for line in lines {
            if line.hasPrefix("id: ") { id = String(line.dropFirst(4)) }
            if line.hasPrefix("data: ") { data = String(line.dropFirst(6)) }
            if line.isEmpty, let found = data {
                events.append((id, found))
                (id, data) = (nil, nil)
            }
        }
        return events
    }

    static let others: [Trial] = [
        Trial("a topic over HTTP, and news of it", "T4", "T7", "T8", "T9", "T10") {
            (check) throws(Finding) in
            let topic = check.topic()
            try check.ready().set(topic, ["a": 1, "b": ["x": 2]])
            let first = try check.call(.get, "/v1/topics/\(topic)")
            try demand(first.status == 200, "a topic was answered with \(first.status)")
            try demand(first.fields.first("set-cookie") == nil, "a cookie is set")
            let messages = try first.messages()
            guard case .subscribed? = messages.first, case .snapshot(let snapshot)? = messages.last
            else {
                throw .fail("subscribed and a snapshot were awaited: \(Talk.shown(first.body))")
            }
            try demand(
                snapshot.document == ["a": 1, "b": ["x": 2]], "the snapshot holds something else")
            guard let cursor = first.fields.first("fieldcast-cursor"),
                let tag = first.fields.first("etag")
            else { throw .fail("no Fieldcast-Cursor, or no ETag") }
            let cache = first.fields.first("cache-control") ?? ""
            try demand(
                cache.contains("private") && cache.contains("no-store"), "Cache-Control: \(cache)")
            let same = try check.call(.get, "/v1/topics/\(topic)?cursor=\(cursor)")
            try demand(same.status == 304 && same.body.isEmpty, "at the head: \(same.status)")
            let tagged = try check.call(
                .get, "/v1/documents/\(topic)", "", [("if-none-match", tag)])
            try demand(tagged.status == 304, "If-None-Match at the head: \(tagged.status)")
            let late = try check.call(
                .get, "/v1/topics/\(topic)?cursor=\(cursor)&wait=0.4", within: .seconds(10))
            try demand(late.status == 304, "waited, and no news: \(late.status)")
            let writer = try check.ready()
            let version = try writer.set(topic, ["a": 2])
            let news = try check.call(.get, "/v1/topics/\(topic)?cursor=\(cursor)&wait=5")
            guard case .diff(let diff)? = try news.messages().last else {
                throw .fail("a diff was awaited: \(Talk.shown(news.body))")
            }
            try demand(diff.to == version, "the diff leads to \(diff.to), not \(version)")
            let whole = try check.call(.get, "/v1/documents/\(topic)")
            let wanted: Value = ["a": 2, "b": ["x": 2]]
            try demand(
                (try? Value(json: whole.body.span)) == wanted,
                "the document is \(Talk.shown(whole.body))")
            let old = try check.call(.get, "/v1/documents/\(topic)", "", [("if-none-match", tag)])
            try demand(old.status == 200, "an old If-None-Match: \(old.status)")
        },
        Trial("encodings, fields and names in an address", "T5", "T6") { (check) throws(Finding) in
            let topic = check.topic()
            let odd = Text("\(topic)/é ü")
            try check.ready().set(odd, ["a": ["x": 1, "y": 2], "b": 3])
            let path = "/v1/documents/\(topic)/%C3%A9%20%C3%BC"
            let masked = try check.call(.get, path + "?fields=a/x,b")
            try demand(
                (try? Value(json: masked.body.span)) == ["a": ["x": 1], "b": 3],
                "fields=a/x,b gave \(Talk.shown(masked.body))")
            let any = try check.call(.get, path + "?fields=*/y")
            try demand(
                (try? Value(json: any.body.span)) == ["a": ["y": 2]],
                "fields=*/y gave \(Talk.shown(any.body))")
            let packed = try check.call(.get, path, "", [("accept", "application/msgpack")])
            try demand(
                (try? Value(messagePack: packed.body.span)) == ["a": ["x": 1, "y": 2], "b": 3],
                "Accept: application/msgpack gave \(Talk.shown(packed.body))")
            let slash = try check.call(.get, "/v1/documents/\(topic)%2Fx")
            try demand(slash.status == 400, "%2F in a topic's name: \(slash.status)")
        },
        Trial("posted changes, and keys", "T13", "T14", "T17") { (check) throws(Finding) in
            let topic = check.topic()
            let key = [(name: "idempotency-key", value: check.instance().string)]
            let body = #"{"id":1,"topic":"\#(topic)","increment":[["n",1]]}"#
            let first = try check.call(.post, "/v1/publish", body, key)
            guard first.status == 200, case .ack(let ack)? = try first.messages().first else {
                throw .fail("\(first.status): \(Talk.shown(first.body))")
            }
            let again = try check.call(.post, "/v1/publish", body, key)
            guard case .ack(let same)? = try again.messages().first, same.version == ack.version
            else { throw .fail("the same key again: \(Talk.shown(again.body))") }
            let watch = try check.ready().watch(topic)
            try watch.expect(["n": 1], "an increment posted twice with one key")
            let list = try check.call(
                .post, "/v1/publish",
                #"[{"topic":"\#(topic)","set":{"a":1}},{"topic":"\#(topic)","set":{"b":1},"#
                    + #""if":[["n",0]]}]"#)
            let answers = try list.messages()
            guard list.status == 200, answers.count == 2, case .ack(let one) = answers[0],
                case .nack(let two) = answers[1], one.id == 1, two.id == 2
            else { throw .fail("a list of two: \(list.status), \(Talk.shown(list.body))") }
            try demand(two.code == .conflict, "the second of the list: \(two.code.rawValue)")
            let conflict = try check.call(
                .post, "/v1/publish", #"{"topic":"\#(topic)","set":{"b":1},"if":[["n",0]]}"#)
            try demand(conflict.status == 409, "code 505 came with status \(conflict.status)")
            let reserved = try check.call(
                .post, "/v1/publish", #"{"topic":"$own/x","set":{"b":1}}"#)
            try demand(reserved.status == 403, "code 504 came with status \(reserved.status)")
            for bad in ["{", "7", #"[7]"#] {
                let answer = try check.call(.post, "/v1/publish", bad)
                try demand(answer.status == 400, "the body \(bad): \(answer.status)")
            }
            let method = try check.call(.get, "/v1/publish")
            try demand(method.status == 405, "GET /v1/publish: \(method.status)")
            let nowhere = try check.call(.get, "/v1/nowhere")
            try demand(nowhere.status == 404, "a path that is none: \(nowhere.status)")
        },
        Trial("who says nothing of itself, or says it in the address", "T4", "A1", "A2", "T17") {
            (check) throws(Finding) in
            let topic = check.topic()
            try check.ready().set(topic, ["a": 1])
            let token = try check.token()
            for target in ["/v1/documents/\(topic)", "/v1/documents/\(topic)?token=\(token)"] {
                let answer = try check.call(.get, target, token: Text())
                try demand(answer.status == 401, "without a token in the header: \(answer.status)")
            }
            let bad = try check.call(.get, "/v1/documents/\(topic)", token: "nonsense")
            try demand(bad.status == 401, "with a bad token: \(bad.status)")
        },
        Trial("event streams", "T12", "T16") { (check) throws(Finding) in
            let topic = check.topic()
            let writer = try check.ready()
            try writer.set(topic, ["a": 1])
            let events = try check.stream("/v1/streams/\(topic)", [], count: 3) {
                () throws(Finding) in _ = try writer.set(topic, ["a": 2])
            }
            guard let last = events.last,
                case .diff? = try? Message(json: [UInt8](last.data.utf8).span),
                let id = last.id
            else { throw .fail("a diff with an id was awaited") }
            let again = try check.stream(
                "/v1/streams/\(topic)", [("last-event-id", id)], count: 2
            ) { () throws(Finding) in _ = try writer.set(topic, ["a": 3]) }
            guard
                case .subscribed(let body)? = try? Message(json: [UInt8](again[0].data.utf8).span),
                body.verdict == .continued || body.verdict == .caughtUp
            else { throw .fail("Last-Event-ID was not gone on from: \(again[0].data)") }
            let ticket = try check.call(.post, "/v1/ticket")
            guard case .map(let map)? = try? Value(json: ticket.body.span),
                case .text(let text)? = map["ticket"]
            else { throw .fail("no ticket: \(Talk.shown(ticket.body))") }
            let used = "/v1/documents/\(topic)?ticket=\(text)"
            let once = try check.call(.get, used, token: Text())
            try demand(once.status == 200, "with a ticket: \(once.status)")
            let twice = try check.call(.get, used, token: Text())
            try demand(twice.status == 401, "with the same ticket again: \(twice.status)")
        },
        Trial("signals, presence and commands over HTTP", "T15") { (check) throws(Finding) in
            let topic = check.topic()
            let talk = try check.ready()
            try talk.set(topic, ["a": 1])
            _ = try talk.watch(topic)
            let signal = try check.call(
                .post, "/v1/signal", #"{"topic":"\#(topic)","data":{"x":1}}"#)
            guard case .ack(let ack)? = try signal.messages().first, ack.version == 0 else {
                throw .fail("a signal: \(signal.status), \(Talk.shown(signal.body))")
            }
            _ = try talk.hear("a signal") { said in
                if case .signal(let body) = said.message { body } else { nil }
            }
            let roster = try talk.watch(Text("$presence/\(topic)"))
            let there = try check.call(
                .post, "/v1/presence",
                #"{"topic":"\#(topic)","state":{"away":true},"client":"page-1","lease":2000}"#)
            try demand(there.status == 200, "presence: \(there.status), \(Talk.shown(there.body))")
            while roster.document["count"] != 1 { try roster.come(to: roster.version + 1) }
            let short = try check.call(
                .post, "/v1/presence",
                #"{"topic":"\#(topic)","state":{},"client":"page-1","lease":10}"#)
            try demand(short.status == 400, "a lease of 10 ms: \(short.status)")
            while roster.document["count"] == 1 {
                try roster.come(to: roster.version + 1, within: .seconds(15))
            }
            let command = try check.call(.post, "/v1/command", #"{"name":"no/such"}"#)
            try demand(
                command.status == 404 || command.status == 403,
                "a command that does not exist: \(command.status)")
        },
        Trial("acknowledgements over HTTP, and the past", "T15", "T11", "T7") {
            (check) throws(Finding) in
            let topic = try check.eventTopic()
            let talk = try check.ready()
            let name = check.instance()
            var last: UInt64 = 0
            for n in 0..<3 { last = try talk.append(topic, .integer(Int64(n))) }
            let page = try check.call(.get, "/v1/history/\(topic)?limit=2")
            guard case .page(let body)? = try page.messages().first else {
                throw .fail("a page was awaited: \(Talk.shown(page.body))")
            }
            try demand(body.events.map { $0.data } == [1, 2], "the last two are others")
            let read = try check.call(
                .get, "/v1/topics/\(topic)?name=\(name)&start=earliest&credit=10&wait=2")
            let events = try read.messages().filter { if case .event = $0 { true } else { false } }
            try demand(events.count == 3, "\(events.count) events came under a name, not 3")
            let done = try check.call(
                .post, "/v1/ack",
                #"{"topic":"\#(topic)","name":"\#(name)","version":\#(last)}"#)
            guard case .ack(let ack)? = try done.messages().first, ack.version == last else {
                throw .fail("an acknowledgement: \(done.status), \(Talk.shown(done.body))")
            }
        },
        Trial("other origins may ask", "T18") { (check) throws(Finding) in
            let answer = try check.call(
                .options, "/v1/publish", "",
                [
                    ("origin", "https://example.org"), ("access-control-request-method", "POST"),
                    ("access-control-request-headers", "authorization,content-type"),
                ])
            guard let origin = answer.fields.first("access-control-allow-origin") else {
                throw .untried("the server names the origins that may ask")
            }
            try demand(
                origin == "*" || origin == "https://example.org", "it allows the origin \(origin)")
            let headers = (answer.fields.first("access-control-allow-headers") ?? "").lowercased()
            try demand(headers.contains("authorization"), "it allows the headers \(headers)")
        },
        Trial("a snapshot over framed and compressed lines alike", "T1", "X2") {
            (check) throws(Finding) in
            guard let compressing = try? Lines(deflate: true) else { throw .untried("no loop") }
            defer { compressing.end() }
            let wish = WebSocketWish(
                host: check.settings.target.authority, target: check.settings.target.path,
                subprotocols: [Encoding.json.subprotocol.string])
            guard
                let id = try? compressing.loop.connect(
                    to: check.settings.address, tls: check.settings.target.tls, wish),
                case .opened? = compressing.next(id, within: check.settings.patience)
            else { throw .fail("an offer of permessage-deflate kept the WebSocket from opening") }
            let talk = Talk(compressing, id, .json, patience: check.settings.patience)
            try talk.begin(try check.token())
            let topic = check.topic()
            try talk.set(topic, ["text": .text(String(repeating: "again and again ", count: 500))])
            let watch = try talk.watch(topic)
            try watch.prove()
            talk.say(.close(Close(code: .goodbye, reason: "")))
            try talk.expectEnd(102, "goodbye, as a close code of 3102")
        },
    ]
}
