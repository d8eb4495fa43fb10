internal import Transport
internal import Wire

/// What the transport's rows measure.
///
///     transport-server KERNEL PORT [tls]     sends a frame of 120 bytes to everybody else for each
///                                            message it receives; answers other requests "hello"
///     transport-server idle PORT COUNT [tls] the clients of the memory rows
@main struct TransportServer {
    static func main() {
        let words = CommandLine.arguments
        guard words.count >= 3, let port = UInt16(words[2]) else {
            return print("transport-server KERNEL PORT [tls] | idle PORT COUNT [tls]")
        }
        do throws(Errno) {
            if words[1] == "idle", words.count > 3, let count = Int(words[3]) {
                return try IdleClients.run(port: port, count: count, tls: words.last == "tls")
            }
            guard let kernel = KernelChoice(rawValue: words[1]) else {
                return print("no kernel \(words[1])")
            }
            var limits = LoopLimits()
            limits.headTime = .seconds(120)
            let loop = try Loop(limits, on: kernel)
            let tls = words.last == "tls" ? BenchCertificate.context : nil
            try loop.listen(at: .loopback(port: port), tls: tls)
            Process.write("ready on \(loop.kernelName)\n")
            loop.run(Fanout(loop))
        } catch {
            print(error)
        }
    }
}

final class Fanout: Service {
    private let loop: Loop
    private var members: [ConnectionID] = []
    private let frame = Frame.server([UInt8](repeating: 0x61, count: 120), binary: true)
    /// As long as nginx's answer, to the byte: with a server's name and a date.
    private let hello = HTTPResponse(
        .ok,
        fields: [
            ("server", "bench"), ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
            ("content-type", "text/plain"), ("connection", "keep-alive"),
        ], body: [UInt8]("hello, world\n".utf8))

    init(_ loop: Loop) { self.loop = loop }

    func answer(_ request: HTTPRequest, on id: ConnectionID) -> HTTPAnswer {
        request.fields.has("upgrade") ? .upgrade(subprotocol: nil) : .respond(hello)
    }

    func opened(_ id: ConnectionID, subprotocol: String?) { members.append(id) }

    func received(_ message: Span<UInt8>, binary: Bool, on id: ConnectionID) {
        for member in members where member != id { _ = loop.send(frame, to: member) }
    }

    func closed(_ id: ConnectionID, _ end: ConnectionEnd) {
        if let place = members.firstIndex(of: id) { members.swapAt(place, members.count - 1) }
        if members.last == id { members.removeLast() }
    }
}
