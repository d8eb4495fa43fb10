import Wire

/// Files of keys, as an operator has them.
extension TokenKey {
    /// The keys of a file in any form we know, told apart by how it begins: a key set in JSON;
    /// public keys and certificates in PEM, one or several; else the file is one secret, without
    /// the white space behind it.
    static func keys(file: [UInt8]) throws(KeyError) -> [TokenKey] {
        guard let first = file.first(where: { !isSpace($0) }) else { throw .noKeys }
        if first == UInt8(ascii: "{") { return try keys(jwks: file.span) }
        let blocks = pemBlocks(in: file)
        guard !blocks.isEmpty else {
            let end = file.lastIndex { !isSpace($0) } ?? 0
            guard let key = TokenKey(secret: Array(file[...end])) else { throw .secretTooShort }
            return [key]
        }
        guard blocks.count <= keyLimit else { throw .tooManyKeys }
        var keys: [TokenKey] = []
        for (index, block) in blocks.enumerated() {
            guard let key = PublicKey(pem: Array(block)) else {
                throw .malformedKey(index: index)
            }
            keys.append(TokenKey(key))
        }
        return keys
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
    }

    /// From each line that begins a block to the next one that does.
    private static func pemBlocks(in file: [UInt8]) -> [ArraySlice<UInt8>] {
        let begin = Array("-----BEGIN ".utf8)
        let starts = file.indices.filter { i in
            (i == 0 || file[i - 1] == 0x0a) && file[i...].starts(with: begin)
        }
        return starts.indices.map { i in
            file[starts[i]..<(i + 1 < starts.count ? starts[i + 1] : file.count)]
        }
    }
}
