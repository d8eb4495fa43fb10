internal import Transport
internal import Wire

/// Subscribers that poll, and those on event streams.
extension LoadRun {
    func connectOverHTTP(_ client: VirtualClient, _ place: Place) throws(Errno) -> ConnectionID {
        client.follower.connectedOverHTTP(now: loop.now)
        client.openedAt = client.connectAt
        client.authenticatedAt = client.connectAt
        return try loop.connect(
            to: place.address, tls: place.target.tls, nextRequest(client, place))
    }

    private func nextRequest(_ client: VirtualClient, _ place: Place) -> HTTPCall {
        guard let reader = client.reader else { return HTTPCall(host: "", target: "/") }
        reader.begin(0)
        return client.follower.request(
            reader, words(of: client), host: place.target.authority,
            query: script.query(of: client.view))
    }

    func responded(_ head: HTTPResponseHead, on id: ConnectionID) {
        if id == watch?.connection { return }
        guard let client = client(of: id), let reader = client.reader else { return }
        reader.begin(head.status.rawValue)
        if client.stage == .connecting {
            client.stage = .opening
            stages.connect.record(System.now.since(client.connectAt))
        }
        guard reader.status != 200, reader.status != 304 else { return }
        errors.add("a request was answered with status \(reader.status)")
        loop.abort(id)
    }

    func responseBytes(_ bytes: Span<UInt8>, on id: ConnectionID) {
        if id == watch?.connection { return watch?.add(bytes) ?? () }
        guard let client = client(of: id), let reader = client.reader else { return }
        reader.add(bytes)
        guard reader.speech == .eventStream, !reader.isProving, reader.status == 200 else { return }
        for event in reader.events() { heard(event, client) }
        settleWishes(client, id)
    }

    func responseEnded(on id: ConnectionID) {
        if id == watch?.connection { return watch?.ended(loop.now) ?? () }
        guard let client = client(of: id), let reader = client.reader, reader.status > 0,
            reader.speech == .polling || reader.isProving
        else { return }
        if reader.status == 200 {
            guard let messages = reader.messages(client.encoding) else {
                client.audit.malformed += 1
                errors.add("malformed: an answer that is no list of messages")
                return loop.abort(id)
            }
            if reader.isProving { return judge(messages, client) }
            for message in messages { heard(message, client) }
        }
        reader.begin(0)
        if phase < .proving { ask(client, id) }
    }

    private func ask(_ client: VirtualClient, _ id: ConnectionID) {
        _ = client.follower.takeWishes()
        if !loop.call(nextRequest(client, place(of: client)), on: id) { loop.abort(id) }
    }

    private func heard(_ message: [UInt8], _ client: VirtualClient) {
        received(message.span, client)
    }

    /// A stream cannot be asked; what it should be asked is asked by beginning anew.
    private func settleWishes(_ client: VirtualClient, _ id: ConnectionID) {
        if client.follower.takeWishes().contains(.subscribe) { loop.abort(id) }
    }

    // MARK: Proof

    /// Asks for all of the view, to hold it against what the client came to by itself.
    func proveOverHTTP(_ client: VirtualClient) {
        guard let reader = client.reader, let id = client.connection else { return }
        reader.isProving = true
        if reader.speech == .polling, reader.status == 0,
            loop.call(nextRequest(client, place(of: client)), on: id)
        {
            return
        }
        // A request is under way, which ends when there is news, and there will be none.
        loop.abort(id)
    }

    private func judge(_ messages: [[UInt8]], _ client: VirtualClient) {
        for bytes in messages {
            let message =
                client.encoding == .json
                ? try? Message(json: bytes.span) : try? Message(messagePack: bytes.span)
            guard case .snapshot(let snapshot)? = message, let hash = snapshot.hash else {
                continue
            }
            let isRight =
                snapshot.version == client.version && hash == client.follower.state?.hash
            if isRight { client.audit.proven += 1 } else { client.audit.diverged += 1 }
            if client.finalProof == .asked { settleProof(client, isRight ? .given : .failed) }
            return
        }
    }
}
