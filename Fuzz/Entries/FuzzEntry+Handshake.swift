#if TESTABLE
    @testable import Transport

    extension FuzzEntry {
        /// Upgrades and their answers: what a server agrees to, a client understands as the same.
        public static func handshake(_ input: [UInt8]) {
            let fields = [UInt8]("host: h\r\nupgrade: websocket\r\nconnection: upgrade\r\n".utf8)
            for start in ["", "GET / HTTP/1.1\r\n", "HTTP/1.1 101 x\r\n"] {
                let middle = start.isEmpty ? [] : fields
                let end = start.isEmpty ? [] : [UInt8]("\r\n\r\n".utf8)
                let head = [UInt8](start.utf8) + middle + input + end
                guard let whole = firstHead(of: head) else { continue }
                if let request = try? HTTPRequest(head: whole, limits: HTTPLimits()) {
                    upgrade(request)
                }
                if let answer = try? HTTPResponseHead(head: whole, limits: HTTPLimits()) {
                    let nonce = [UInt8](0..<16)
                    _ = Handshake.verdict(on: answer, nonce: nonce, offered: ["a"], deflate: true)
                }
            }
        }

        private static func firstHead(of bytes: [UInt8]) -> [UInt8]? {
            var scanner = HTTPHeadScanner()
            var position = 0
            guard (try? scanner.scan(bytes.span, &position, limit: 8_000)) == true else {
                return nil
            }
            return Array(bytes[..<position])
        }

        private static func upgrade(_ request: HTTPRequest) {
            let agreement = DeflateAgreement.choose(from: request.fields)
            if let agreement {
                require((9...15) ~= agreement.serverWindowBits, "a window that zlib cannot do")
                let answer = Handshake.response(
                    key: "x", subprotocol: nil, extensions: agreement.answer)
                let head = try? HTTPResponseHead(head: answer, limits: HTTPLimits())
                require(
                    head.flatMap { DeflateAgreement.granted(by: $0.fields) } == agreement,
                    "the answer says something else")
            }
            guard let key = try? Handshake.key(of: request) else { return }
            let answer = Handshake.response(
                key: key, subprotocol: nil, extensions: agreement?.answer)
            guard let nonce = Base64.decode([UInt8](key.utf8)),
                let head = try? HTTPResponseHead(head: answer, limits: HTTPLimits())
            else { fatalError("a key that is none, or an answer that cannot be read") }
            require(
                Handshake.verdict(on: head, nonce: nonce, offered: [], deflate: true)
                    == .open(subprotocol: nil, agreement), "our own answer is refused")
        }
    }
#endif
