#if TESTABLE
    @testable import Transport

    extension FuzzEntry {
        /// Requests, and answers, are the same and end in the same fault however their bytes are
        /// cut. The first byte is a seed for the cuts.
        public static func http(_ input: [UInt8]) {
            guard let first = input.first else { return }
            let stream = Array(input.dropFirst())
            for isRequest in [true, false] {
                let whole = exchange(stream, isRequest: isRequest, cuts: stream.count)
                for cuts in [1, Int(first % 7) + 2] {
                    require(
                        exchange(stream, isRequest: isRequest, cuts: cuts) == whole,
                        "cut at every \(cuts) bytes it is another stream")
                }
                for message in whole.messages where isRequest {
                    require(message.body.count <= limits.bodyBytes, "a body passes the limit")
                    require(!message.head.contains(0), "a control byte in a head")
                }
            }
        }

        private static var limits: HTTPLimits {
            var limits = HTTPLimits()
            limits.headBytes = 2_000
            limits.fields = 20
            limits.bodyBytes = 1_000
            return limits
        }

        private struct HTTPOutcome: Equatable {
            struct Message: Equatable {
                var head: [UInt8]
                var body: [UInt8] = []
                var isWhole = false
            }
            var messages: [Message] = []
            var fault: HTTPFault?
        }

        private static func exchange(
            _ stream: [UInt8], isRequest: Bool, cuts: Int
        ) -> HTTPOutcome {
            var outcome = HTTPOutcome()
            var scanner = HTTPHeadScanner()
            var reader: BodyReader?
            var head: [UInt8] = []
            var place = 0
            do throws(HTTPFault) {
                while place < stream.count {
                    let piece = [UInt8](stream[place..<min(place + max(cuts, 1), stream.count)])
                    place += piece.count
                    var position = 0
                    pieces: while true {
                        if var body = reader {
                            let step = try body.next(piece.span, &position)
                            reader = body
                            switch step {
                            case .more: break pieces
                            case .bytes(let range):
                                outcome.messages[outcome.messages.count - 1].body += piece[range]
                            case .end:
                                outcome.messages[outcome.messages.count - 1].isWhole = true
                                reader = nil
                            }
                            continue
                        }
                        if position == piece.count { break }
                        let start = position
                        let isWhole = try scanner.scan(
                            piece.span, &position, limit: limits.headBytes)
                        head += piece[start..<position]
                        guard isWhole else { break }
                        reader = try body(behind: head, isRequest: isRequest)
                        outcome.messages.append(.init(head: head))
                        head = []
                    }
                }
            } catch {
                outcome.fault = error
                // How much of a refused body was handed on before depends on the pieces.
                if outcome.messages.last?.isWhole == false {
                    outcome.messages[outcome.messages.count - 1].body = []
                }
            }
            return outcome
        }

        private static func body(
            behind head: [UInt8], isRequest: Bool
        ) throws(HTTPFault) -> BodyReader {
            guard isRequest else {
                return try HTTPResponseHead(head: head, limits: limits)
                    .body(to: .get, limits: limits)
            }
            let request = try HTTPRequest(head: head, limits: limits)
            _ = request.queryValue("a")
            _ = request.keepsAlive
            _ = request.fields.pairs
            let proxies = TrustedProxies([.init("0.0.0.0/0")].compactMap { $0 })
            _ = proxies.client(of: request.fields, from: request.client)
            switch request.framing {
            case .none: return .length(0)
            case .length(let length): return .length(length)
            case .chunked: return .chunked(limit: limits.bodyBytes)
            }
        }
    }
#endif
