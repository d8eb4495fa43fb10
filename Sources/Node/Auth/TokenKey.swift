import Wire

/// How a token is signed (RFC 7518, RFC 8037). `none` is not among them.
enum TokenAlgorithm: Equatable {
    case hs256
    case rs256
    case es256
    case edDSA

    var name: Text {
        switch self {
        case .hs256: "HS256"
        case .rs256: "RS256"
        case .es256: "ES256"
        case .edDSA: "EdDSA"
        }
    }
}

/// A key that tokens are checked with. It works with one algorithm, which follows from what it is
/// and never from what a token says: so nobody can have a public key taken for a secret.
struct TokenKey: Sendable {
    private enum Material: Sendable {
        case secret([UInt8])
        case `public`(PublicKey)
    }

    /// RFC 7518 wants a secret no shorter than the hash.
    static let shortestSecret = 32

    let id: Text?
    private let material: Material

    /// Nil for a secret that is too short.
    init?(secret: [UInt8], id: Text? = nil) {
        guard secret.count >= TokenKey.shortestSecret else { return nil }
        self.id = id
        material = .secret(secret)
    }

    init(_ key: PublicKey, id: Text? = nil) {
        self.id = id
        material = .public(key)
    }

    var algorithm: TokenAlgorithm {
        switch material {
        case .secret: .hs256
        case .public(let key):
            switch key.kind {
            case .rsa: .rs256
            case .p256: .es256
            case .ed25519: .edDSA
            }
        }
    }

    func verifies(_ signature: Span<UInt8>, over message: Span<UInt8>) -> Bool {
        switch material {
        case .secret(let secret): MessageCode.isRight(signature, over: message, secret: secret)
        case .public(let key): key.verifies(signature, over: message)
        }
    }

    /// Nil for a public key, which cannot sign.
    func sign(_ message: Span<UInt8>) -> [UInt8]? {
        switch material {
        case .secret(let secret): MessageCode.make(over: message, secret: secret)
        case .public: nil
        }
    }
}

/// What is written when a key gets into a log by mistake: not the key.
extension TokenKey: CustomStringConvertible, CustomReflectable {
    var description: String { "\(algorithm.name) key \(id?.string ?? "without an id")" }
    var customMirror: Swift.Mirror { Swift.Mirror(self, children: []) }
}
