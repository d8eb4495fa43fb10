internal import Transport
internal import Wire

/// A WebSocket echo, server and client, for looking at and for conformance suites.
///
///     fieldcast-echo serve --port N [--deflate] [--kernel NAME]
///     fieldcast-echo connect ws://HOST[:PORT]/PATH [--deflate] [--kernel NAME]
@main struct Program {
    static func main() {
        do throws(Complaint) {
            try run(try Arguments(CommandLine.arguments))
        } catch {
            print("fieldcast-echo: \(error.text)")
        }
    }

    static func run(_ arguments: Arguments) throws(Complaint) {
        var limits = LoopLimits()
        limits.messageBytes = 64 << 20
        limits.queueBytes = 256 << 20
        limits.http.headBytes = 64 << 10
        limits.deflate = arguments.deflate ? DeflateOptions() : nil
        do throws(Errno) {
            let loop = try Loop(limits, on: arguments.kernel)
            switch arguments.task {
            case .serve(let port):
                let address = try loop.listen(at: .any(port: port))
                print("listening at \(address) on \(loop.kernelName)")
                loop.run(Echo(loop))
            case .connect(let url):
                let address = try SocketAddress.resolve(url.host, port: url.port)
                _ = try loop.connect(
                    to: address, WebSocketWish(host: url.authority, target: url.target))
                let client = EchoClient(loop)
                loop.run(client)
                if let end = client.end { print("\(end.cause) \(end.code?.rawValue ?? 0)") }
            }
        } catch {
            throw Complaint(text: error.description)
        }
    }
}
