import Foundation
import Hub
import Node
import Transport
import Wire

/// Clients that join, leave, stall, refresh and resume for so long on a node that runs:
///
///     node-soak PORT PID SECRET_FILE CLIENTS SECONDS
///
/// At the end every client must prove every mirror against the server's hash, the node must have as
/// many descriptors as before, and in a run of five minutes or more its memory must have stood
/// still: over the last half it may grow by less than one part in a hundred. The exit code tells.
@main
enum NodeSoak {
    static func main() throws {
        let words = CommandLine.arguments
        guard words.count == 6, let port = UInt16(words[1]), let pid = Int32(words[2]),
            let secret = FileManager.default.contents(atPath: words[3]),
            let tokens = Tokens(secret: trimmed([UInt8](secret))), let clients = Int(words[4]),
            let seconds = UInt64(words[5])
        else {
            say("usage: node-soak PORT PID SECRET_FILE CLIENTS SECONDS")
            exit(2)
        }
        let soaking = try Soaking(
            .loopback(port: port), tokens, NodeWatch(pid: pid), clients: clients,
            length: .seconds(seconds))
        soaking.run()
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        Array(bytes.prefix { $0 != UInt8(ascii: "\n") })
    }

    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    static func fail(_ why: String) -> Never {
        say("node-soak: \(why)")
        exit(1)
    }
}
