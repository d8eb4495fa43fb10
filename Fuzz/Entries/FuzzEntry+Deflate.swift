#if TESTABLE
    @testable import Transport

    extension FuzzEntry {
        /// Whatever comes, a message never passes its limit; what we compress is what comes out.
        public static func deflate(_ input: [UInt8]) {
            guard let first = input.first, let keeping = Decompressor() else { return }
            let payload = Array(input.dropFirst())
            let pieces = [payload, Array(payload.dropFirst(7)), Array(payload.prefix(9))]
            for piece in pieces {
                do throws(Decompressor.Fault) {
                    let message = try keeping.decompress(piece.span, limit: 20_000)
                    require(message.count <= 20_000, "a bomb went off")
                } catch {
                    keeping.reset()
                }
            }
            var options = DeflateOptions()
            options.level = Int(first % 10)
            options.thresholdBytes = 0
            options.memoryLevel = 1 + Int(first / 10 % 9)
            let window = 9 + Int(first % 7)
            guard let compressor = Compressor(options, windowBits: window) else {
                fatalError("zlib refuses a window of \(window)")
            }
            for piece in pieces {
                guard let small = compressor.compress(piece.span) else { continue }
                require(small.count < piece.count, "compressed, it is not smaller")
                keeping.reset()
                let message = try? keeping.decompress(small.span, limit: piece.count)
                require(message == piece, "what we compressed is not what comes out")
            }
        }
    }
#endif
