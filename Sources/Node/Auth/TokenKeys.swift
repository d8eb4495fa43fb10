import Wire

/// The keys that tokens are checked with, as one value that can be exchanged while the node runs.
public struct TokenKeys: Sendable {
    let keys: [TokenKey]

    public init() { keys = [] }

    /// One secret; nil when it is shorter than 32 bytes.
    public init?(secret: [UInt8]) {
        guard let key = TokenKey(secret: secret) else { return nil }
        keys = [key]
    }

    /// The keys of files: a secret, public keys in PEM, or a key set in JSON.
    public init(files: [[UInt8]]) throws(Mistake) {
        var keys: [TokenKey] = []
        for (place, file) in files.enumerated() {
            do throws(KeyError) {
                keys += try TokenKey.keys(file: file)
            } catch {
                throw Mistake(file: place, text: error.text)
            }
        }
        if keys.count > TokenKey.keyLimit {
            throw Mistake(file: files.count - 1, text: KeyError.tooManyKeys.text)
        }
        self.keys = keys
    }

    public struct Mistake: Error, Equatable {
        /// Which of the files.
        public let file: Int
        public let text: String
    }

    public var isEmpty: Bool { keys.isEmpty }

    /// The first that can sign.
    var signing: TokenKey? { keys.first { $0.algorithm == .hs256 } }
}

extension KeyError {
    fileprivate var text: String {
        switch self {
        case .notJSON(let error): "it is no JSON from byte \(error.offset) on"
        case .noKeys: "there is no key in it"
        case .secretTooShort: "a secret must have at least 32 bytes; try: head -c 32 /dev/urandom"
        case .tooManyKeys: "more than \(TokenKey.keyLimit) keys would make checking too slow"
        case .malformedKey(let index): "key \(index + 1) lacks a part, or is no key"
        }
    }
}
