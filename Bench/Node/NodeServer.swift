import Foundation

/// A node of the bench's own on processor 0, with one loop and a secret made for it.
final class NodeServer {
    let folder: URL
    private let child: TransportChild
    /// Where clients and operators connect.
    let port: String
    let adminPort: String
    /// The file that its clients sign their tokens with.
    let signer: String

    /// `isSealed` gives it a certificate; `signsAsymmetrically` keys for ES256.
    init(
        options: [String] = [], configuration: String = "", isSealed: Bool = false,
        signsAsymmetrically: Bool = false
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "bench-node-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let secret = folder.appending(path: "secret").path
        var key = secret
        if signsAsymmetrically {
            signer = folder.appending(path: "signer.pem").path
            key = folder.appending(path: "public.pem").path
            try NodeServer.openssl(["ecparam", "-name", "prime256v1", "-genkey", "-noout"], signer)
            try NodeServer.openssl(["ec", "-in", signer, "-pubout"], key)
        } else {
            signer = secret
            let letters = (0..<48).map { _ in UInt8.random(in: UInt8(ascii: "a")...122) }
            try Data(letters).write(to: URL(filePath: secret))
        }
        var file = "[access]\nkeys = [\"\(key)\"]\n[[listeners]]\nname = \"web\"\n"
        file += "address = \"127.0.0.1:0\"\n"
        if isSealed {
            let pair = try NodeServer.certificate(in: folder)
            file += "certificate = \"\(pair.certificate)\"\nprivate_key = \"\(pair.key)\"\n"
        }
        let path = folder.appending(path: "node.toml").path
        try Data((file + configuration).utf8).write(to: URL(filePath: path))
        child = try TransportChild(
            cpu: 0,
            ["fieldcast-node", "--config", path, "--admin", "127.0.0.1:0"] + options)
        port = try NodeServer.port(in: child.line())
        adminPort = try NodeServer.port(in: child.line())
    }

    var pid: String { String(child.pid) }

    func end() {
        child.end()
        try? FileManager.default.removeItem(at: folder)
    }

    /// A token for whoever may publish everywhere.
    func token() throws -> String {
        let mint = try TransportChild(
            cpu: 1, ["fieldcast-node", "token", "--secret-file", signer, "--write", "**"])
        defer { mint.end() }
        return try mint.line()
    }

    private static func port(in greeting: String) throws -> String {
        guard let port = greeting.split(separator: ":").last, Int(port) != nil else {
            throw TransportFault.unreadable(greeting)
        }
        return String(port)
    }

    /// A certificate for localhost that nobody trusts, and its key.
    static func certificate(in folder: URL) throws -> (certificate: String, key: String) {
        let certificate = folder.appending(path: "certificate.pem").path
        let key = folder.appending(path: "key.pem").path
        try openssl(
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key,
            ], certificate)
        return (certificate, key)
    }

    private static func openssl(_ words: [String], _ output: String) throws {
        let program = Process()
        program.executableURL = URL(filePath: "/usr/bin/openssl")
        program.arguments = words + ["-out", output]
        program.standardError = FileHandle.nullDevice
        try program.run()
        program.waitUntilExit()
        guard program.terminationStatus == 0 else { throw TransportFault.absent("openssl") }
    }
}

/// The load of a row on processor 1: what it prints when it is done.
enum NodeClients {
    static func run(_ words: [String]) throws -> [Double] {
        let load = try TransportChild(cpu: 1, ["node-clients"] + words, isHeard: true)
        defer { load.end() }
        guard let line = try? load.line() else {
            throw TransportFault.invalid("the load gave up")
        }
        let numbers = line.split(separator: " ").compactMap { Double($0) }
        guard !numbers.isEmpty else { throw TransportFault.unreadable(line) }
        return numbers
    }

    /// A document in a file, as a load wants it.
    static func withFile<T>(_ document: [UInt8], _ body: (String) throws -> T) throws -> T {
        let file = FileManager.default.temporaryDirectory.appending(path: "bench-\(UUID())")
        try Data(document).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try body(file.path)
    }
}
