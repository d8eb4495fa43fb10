internal import Transport
internal import Wire

/// A WebSocket and HTTP echo, server and client, for looking at and for conformance suites.
///
///     fieldcast-echo serve --port N [--deflate] [--tls] [--kernel NAME]
///     fieldcast-echo connect ws[s]://HOST[:PORT]/PATH [--deflate] [--kernel NAME]
///
/// `--tls` serves with a certificate of the echo's own, and `wss` trusts that one alone.
@main struct Program {
    static func main() {
        do throws(Complaint) {
            try run(try Arguments(CommandLine.arguments))
        } catch {
            Process.write("fieldcast-echo: \(error.text)\n", to: .error)
            Process.exit(1)
        }
    }

    static func run(_ arguments: Arguments) throws(Complaint) {
        var limits = LoopLimits()
        limits.messageBytes = 64 << 20
        limits.queueBytes = 256 << 20
        // A suite that prepares its frames first answers late.
        limits.connectTime = .seconds(60)
        limits.http.headBytes = 64 << 10
        limits.http.bodyBytes = 64 << 20
        limits.deflate = arguments.deflate ? DeflateOptions() : nil
        do {
            let loop = try Loop(limits, on: arguments.kernel)
            switch arguments.task {
            case .serve(let port):
                let tls = arguments.tls ? try Program.serverTLS() : nil
                let address = try loop.listen(at: .any(port: port), tls: tls)
                Process.write("listening at \(address) on \(loop.kernelName)\n")
                loop.run(Echo(loop))
            case .connect(let url):
                let address = try SocketAddress.resolve(url.host, port: url.port)
                let tls = url.isSecure ? try Program.clientTLS(url.host) : nil
                _ = try loop.connect(
                    to: address, tls: tls, WebSocketWish(host: url.authority, target: url.target))
                let client = EchoClient(loop)
                loop.run(client)
                if let end = client.end { print("\(end.cause) \(end.code?.rawValue ?? 0)") }
            }
        } catch let error as Errno {
            throw Complaint(text: error.description)
        } catch {
            throw Complaint(text: "\(error)")
        }
    }

    static func serverTLS() throws(TLSContext.Fault) -> TLSContext {
        try TLSContext(certificateChain: Certificate.chain, privateKey: Certificate.key)
    }

    static func clientTLS(_ name: String) throws(TLSContext.Fault) -> TLSWish {
        TLSWish(try TLSContext(authorities: Certificate.chain), serverName: name)
    }
}
