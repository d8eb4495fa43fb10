internal import Transport

struct Complaint: Error { var text: String }

struct Arguments {
    enum Task {
        case serve(port: UInt16)
        case connect(EchoURL)
    }

    var task = Task.serve(port: 9001)
    var deflate = false
    var tls = false
    var kernel = KernelChoice.auto

    init(_ words: [String]) throws(Complaint) {
        var rest = words.dropFirst()
        func value(after option: String) throws(Complaint) -> String {
            guard let value = rest.popFirst() else {
                throw Complaint(text: "\(option) needs a value")
            }
            return value
        }
        switch rest.popFirst() {
        case "serve": break
        case "connect": task = .connect(try EchoURL(try value(after: "connect")))
        default:
            throw Complaint(
                text: "serve --port N | connect URL  [--deflate] [--tls] [--kernel NAME]")
        }
        while let option = rest.popFirst() {
            switch option {
            case "--port":
                guard let port = UInt16(try value(after: option)) else {
                    throw Complaint(text: "--port needs a number")
                }
                task = .serve(port: port)
            case "--deflate": deflate = true
            case "--tls": tls = true
            case "--kernel":
                guard let choice = KernelChoice(rawValue: try value(after: option)) else {
                    let names = KernelChoice.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Complaint(text: "kernels are \(names)")
                }
                kernel = choice
            default: throw Complaint(text: "unknown option \(option)")
            }
        }
    }
}

/// `ws://host[:port][/path]`, or `wss`
struct EchoURL {
    var isSecure: Bool
    var host: String
    var port: UInt16
    var target: String
    /// As it stands in the URL, for the Host field.
    var authority: String

    init(_ text: String) throws(Complaint) {
        let wrong = Complaint(text: "\(text) is no ws:// URL")
        isSecure = text.hasPrefix("wss://")
        guard isSecure || text.hasPrefix("ws://") else { throw wrong }
        let rest = text.dropFirst(isSecure ? 6 : 5)
        let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        authority = String(rest[..<slash])
        let path = String(rest[slash...])
        target = path.hasPrefix("/") ? path : "/" + path
        host = authority
        port = isSecure ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard let number = UInt16(authority[authority.index(after: colon)...]) else {
                throw wrong
            }
            port = number
            host = String(authority[..<colon])
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host.isEmpty { throw wrong }
    }
}
