import Testing
import Wire

@testable import Transport

private func hear(_ bytes: [UInt8], cuts: [Int], limit: Int = 1000) -> [String] {
    var inbox = RecordInbox(sizeLimit: limit)
    var heard: [String] = []
    var start = 0
    for end in cuts + [bytes.count] {
        let piece = [UInt8](bytes[start..<end])
        start = end
        var position = 0
        step: while true {
            switch inbox.next(piece.span, &position) {
            case .more: break step
            case .tooLarge: return heard + ["too large"]
            case .notText: return heard + ["not text"]
            case .message(let binary, .here(let range)):
                heard.append("\(binary) \([UInt8](piece[range]))")
            case .message(let binary, .collected(let message)): heard.append("\(binary) \(message)")
            }
        }
    }
    return heard
}

@Suite struct RecordTests {
    @Test("Records at every pair of splits")
    func splits() {
        let messages: [(binary: Bool, bytes: [UInt8])] = [
            (true, [1, 2, 3]), (false, []), (false, [UInt8]("hé".utf8)),
        ]
        var bytes: [UInt8] = []
        for message in messages {
            bytes += Frame.record(message.bytes.span, binary: message.binary).bytes
        }
        let whole = ["true [1, 2, 3]", "false []", "false [104, 195, 169]"]
        for a in 0...bytes.count {
            for b in a...bytes.count { #expect(hear(bytes, cuts: [a, b]) == whole) }
        }
        #expect(hear(bytes, cuts: Array(1..<bytes.count)) == whole)
    }

    @Test("A record that promises too much is refused by its head, bad text when whole")
    func refused() {
        #expect(hear([0x7f, 0xff, 0xff, 0xff], cuts: []) == ["too large"])
        #expect(hear([0, 0, 3, 0xe9], cuts: [2]) == ["too large"])
        #expect(hear([0, 0, 0, 1, 0xff], cuts: []) == ["not text"])
        #expect(hear([0x80, 0, 0, 1, 0xff], cuts: []) == ["true [255]"])
    }

    @Test("Echoed over a loop, plain and under TLS, and ended in good order", arguments: Ground.all)
    func loop(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let context = try TLSContext(
            certificateChain: Certificates.firstChain, privateKey: Certificates.firstKey)
        let plain = try f.loop.listen(at: .loopback(port: 0), speaking: .records)
        let sealed = try f.loop.listen(at: .loopback(port: 0), tls: context, speaking: .records)
        let wish = TLSWish(
            try TLSContext(authorities: Certificates.firstChain), serverName: "first.test")
        for (address, wish) in [(plain, nil), (sealed, wish)] as [(SocketAddress, TLSWish?)] {
            f.heardByClients = []
            f.openedClients = []
            let id = try f.loop.connectRecords(to: address, tls: wish)
            f.clients.insert(id)
            f.turn(until: { f.openedClients == [id] })
            let messages = (0..<50).map { [UInt8](repeating: UInt8($0), count: $0 * 200) }
            for message in messages { #expect(f.send(message, from: id) == .sent) }
            f.turn(until: { f.heardByClients.count == messages.count })
            let isSame = f.heardByClients == messages
            #expect(isSame)
            let before = f.closedServers.count
            f.loop.close(id)
            f.turn(until: { f.closedServers.count > before && f.closedClients[id] != nil })
            #expect(f.closedClients[id]?.cause == .byUs)
        }
        #expect(f.closedServers.values.allSatisfy { $0.cause == .byPeer })
    }

    @Test("TLS behind a balancer: its header comes first, in the clear", arguments: Ground.all)
    func balancer(ground: Ground) throws {
        let f = try Fixture(on: ground)
        let context = try TLSContext(
            certificateChain: Certificates.firstChain, privateKey: Certificates.firstKey)
        let address = try f.loop.listen(
            at: .loopback(port: 0), proxyHeader: true, tls: context, speaking: .records)
        let session = try #require(
            try TLSContext(authorities: Certificates.firstChain).session(serverName: "first.test"))
        let kernel = try f.footing.kernel()
        let token = Token(bits: 1 << 32)
        let descriptor = try kernel.connect(to: address, from: nil, SocketOptions())
        try kernel.add(descriptor, token, [])
        var queue = SendQueue()
        queue.append(Frame([UInt8]("PROXY TCP4 192.0.2.1 10.0.0.1 4711 443\r\n".utf8)))
        session.start()
        var isWritten = false
        f.turn(until: {
            if let output = session.takeOutput() { queue.append(output) }
            if !queue.isEmpty, case .moved(let n) = kernel.send(queue, on: descriptor, token) {
                queue.advance(by: n)
            }
            _ = kernel.receive(descriptor) { bytes in
                var plain = [UInt8](repeating: 0, count: 4096)
                var position = 0
                while position < bytes.count {
                    var room = plain.mutableSpan
                    _ = session.read(bytes.span, &position, into: &room)
                }
            }
            if session.state == .open, !isWritten {
                isWritten = true
                let message: [UInt8] = [5, 6]
                let record = Frame.record(message.span, binary: true)
                session.write(record.bytes.span)
            }
            f.loop.waker.wake()
            return f.heardByServers == [[5, 6]]
        })
        let server = try #require(f.openedServers.first)
        #expect(f.loop.peer(of: server)?.description == "192.0.2.1:4711")
        kernel.close(descriptor, token)
    }
}
