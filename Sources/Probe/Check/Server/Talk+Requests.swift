internal import Transport
internal import Wire

/// What nearly every script says and hears.
extension Talk {
    enum Answer: Equatable {
        case done(UInt64)
        case refused(Nack)

        var code: UInt64? {
            if case .refused(let nack) = self { nack.code.rawValue } else { nil }
        }
    }

    /// Opens and authenticates.
    func begin(_ token: Text, instance: Text? = nil) throws(Finding) {
        say(.open(Open(instance: instance, agent: "fieldcast-probe check")))
        say(.authenticate(Authenticate(token: token)))
        terms = try hear("opened") { said in
            if case .opened(let opened) = said.message { opened.terms } else { nil }
        }
        _ = try hear("authenticated") { said in
            if case .authenticated(let body) = said.message { body } else { nil }
        }
    }

    func answer(to id: UInt64, within time: Interval? = nil) throws(Finding) -> Answer {
        try hear("the answer to request \(id)", within: time) { said in
            switch said.message {
            case .ack(let ack) where ack.id == id: .done(ack.version)
            case .nack(let nack) where nack.id == id: .refused(nack)
            default: nil
            }
        }
    }

    func publish(
        _ topic: Text, _ patch: Patch, expiries: [Publish.Expiry] = []
    ) throws(Finding) -> Answer {
        let id = freshID()
        say(.publish(Publish(id: id, topic: topic, change: .patch(patch), expiries: expiries)))
        return try answer(to: id)
    }

    /// Publishes what must be taken; the version comes back.
    @discardableResult
    func set(_ topic: Text, _ map: Map) throws(Finding) -> UInt64 {
        try done(publish(topic, Patch(set: map)), "setting \(FieldList.words(.map(map)))")
    }

    @discardableResult
    func unset(_ topic: Text, _ paths: Path...) throws(Finding) -> UInt64 {
        try done(publish(topic, Patch(unset: paths)), "unsetting \(paths)")
    }

    @discardableResult
    func append(_ topic: Text, _ event: Value) throws(Finding) -> UInt64 {
        let id = freshID()
        say(.publish(Publish(id: id, topic: topic, change: .event(event))))
        return try done(answer(to: id), "appending an event")
    }

    func done(_ answer: Answer, _ what: String) throws(Finding) -> UInt64 {
        switch answer {
        case .done(let version): return version
        case .refused(let nack):
            throw .fail(
                "\(what) was refused with \(nack.code.rawValue)"
                    + (nack.reason.map { ": \($0)" } ?? ""))
        }
    }

    func refused(_ answer: Answer, _ code: UInt64, _ what: String) throws(Finding) {
        switch answer {
        case .done(let version): throw .fail("\(what) was done, as version \(version)")
        case .refused(let nack):
            try demand(
                nack.code.rawValue == code,
                "\(what) was refused with \(nack.code.rawValue), not \(code)")
        }
    }

    func subscribed(_ id: UInt64) throws(Finding) -> Subscribed {
        try hear("subscribed") { (said) throws(Finding) -> Subscribed? in
            switch said.message {
            case .subscribed(let body) where body.id == id: return body
            case .unsubscribed(let body) where body.id == id:
                throw .fail("a subscription was refused with \(body.code?.rawValue ?? 0)")
            default: return nil
            }
        }
    }

    func unsubscribed(_ id: UInt64) throws(Finding) -> Code? {
        try hear("unsubscribed") { said -> Code?? in
            if case .unsubscribed(let body) = said.message, body.id == id {
                .some(body.code)
            } else {
                nil
            }
        }
    }

    /// Subscribes, and comes to what the server holds.
    func watch(_ topic: Text, _ change: (inout Subscribe) -> Void = { _ in }) throws(Finding)
        -> Watch
    {
        var request = Subscribe(id: freshID(), topic: topic)
        change(&request)
        say(.subscribe(request))
        let watch = Watch(self, request, try subscribed(request.id))
        try watch.begin()
        return watch
    }
}
