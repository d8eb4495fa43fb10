#if TESTABLE
    @testable import Transport

    extension FuzzEntry {
        /// A balancer's header is the same, and ends at the same byte, however it is cut.
        public static func proxy(_ input: [UInt8]) {
            let whole = header(input, cuts: input.count)
            require(header(input, cuts: 1) == whole, "byte by byte it is another header")
            require(header(input, cuts: 5) == whole, "cut, it is another header")
            require(whole.used <= 552, "a header without an end")
        }

        private struct HeaderOutcome: Equatable {
            var outcome: ProxyHeader.Outcome
            var used: Int
        }

        private static func header(_ input: [UInt8], cuts: Int) -> HeaderOutcome {
            var reader = ProxyHeader()
            var place = 0
            while place < input.count {
                let piece = [UInt8](input[place..<min(place + max(cuts, 1), input.count)])
                var position = 0
                let outcome = reader.read(piece.span, &position)
                if outcome != .more { return .init(outcome: outcome, used: place + position) }
                place += piece.count
            }
            return .init(outcome: .more, used: min(place, 552))
        }
    }
#endif
