import Wire

/// Why a file of keys was refused.
enum KeyError: Error, Equatable {
    case notJSON(DecodeError)
    /// The object has no array `keys`, or the file is empty.
    case noKeys
    /// A secret has fewer than 32 bytes.
    case secretTooShort
    case tooManyKeys
    /// The key at this place has parts that are missing or are no key.
    case malformedKey(index: Int)
}

/// JSON Web Key Sets (RFC 7517).
extension TokenKey {
    /// More would make a token without a key's id costly to check.
    static let keyLimit = 16

    /// The keys of a set that can check a token; those for encryption, of other kinds or for other
    /// algorithms are left out, as the RFC asks.
    static func keys(jwks json: Span<UInt8>) throws(KeyError) -> [TokenKey] {
        let set: Value
        do {
            set = try Value(json: json)
        } catch {
            throw .notJSON(error)
        }
        guard case .map(let map) = set, case .array(let members)? = map["keys"] else {
            throw .noKeys
        }
        var keys: [TokenKey] = []
        for (index, member) in members.enumerated() {
            guard case .map(let parts) = member, case .text(let type)? = parts["kty"] else {
                throw .malformedKey(index: index)
            }
            guard isForSigning(parts), let make = maker(type: type, parts) else { continue }
            guard let key = make(parts), key.agrees(with: parts) else {
                throw .malformedKey(index: index)
            }
            keys.append(key)
        }
        guard keys.count <= keyLimit else { throw .tooManyKeys }
        return keys
    }

    private static func isForSigning(_ parts: Map) -> Bool {
        guard let use = parts["use"] else { return true }
        return use == "sig"
    }

    /// How to make a key of this type, or nil for a type or an algorithm that we do not use.
    private static func maker(type: Text, _ parts: Map) -> ((Map) -> TokenKey?)? {
        let algorithm = parts["alg"]
        switch (type, parts["crv"]) {
        case ("oct", nil) where algorithm == nil || algorithm == "HS256":
            return { parts in
                bytes(parts, "k").flatMap { TokenKey(secret: $0, id: id(parts)) }
            }
        case ("RSA", nil) where algorithm == nil || algorithm == "RS256":
            return { parts in
                guard let n = bytes(parts, "n"), let e = bytes(parts, "e") else { return nil }
                return PublicKey(rsa: n, exponent: e).map { TokenKey($0, id: id(parts)) }
            }
        case ("EC", "P-256"?):
            return { parts in
                guard let x = bytes(parts, "x"), let y = bytes(parts, "y") else { return nil }
                return PublicKey(p256: x, y: y).map { TokenKey($0, id: id(parts)) }
            }
        case ("OKP", "Ed25519"?):
            return { parts in
                guard let x = bytes(parts, "x") else { return nil }
                return PublicKey(ed25519: x).map { TokenKey($0, id: id(parts)) }
            }
        default: return nil
        }
    }

    private func agrees(with parts: Map) -> Bool {
        guard let algorithm = parts["alg"] else { return true }
        return algorithm == .text(self.algorithm.name)
            || self.algorithm == .edDSA && algorithm == "Ed25519"
    }

    private static func id(_ parts: Map) -> Text? {
        if case .text(let id)? = parts["kid"] { id } else { nil }
    }

    private static func bytes(_ parts: Map, _ name: Text) -> [UInt8]? {
        guard case .text(let text)? = parts[name] else { return nil }
        return Base64URL.decode(text.utf8.span)
    }
}
