import Wire

extension FuzzEntry {
    /// A stream comes apart into the same messages, and ends in the same failure, however it was
    /// cut. The first byte is a seed for the cuts.
    public static func framing(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let stream = Array(input.dropFirst())
        let whole = messages(stream, cuts: nil)
        require(messages(stream, cuts: 1) == whole, "byte by byte it is another stream")
        require(messages(stream, cuts: Int(first % 7) + 2) == whole, "cut, it is another stream")
        // What was understood goes out as the bytes that came in.
        guard let encoding = whole.encoding else { return }
        var again = Framing.preamble(encoding)
        for message in whole.messages { again += Framing.frame(message) }
        require(stream.starts(with: again), "framed again it is another stream")
    }

    private struct Outcome: Equatable {
        var messages: [[UInt8]] = []
        var encoding: Encoding?
        var failure: Framing.Failure?
    }

    private static func messages(_ stream: [UInt8], cuts: Int?) -> Outcome {
        var outcome = Outcome()
        var reader = FrameReader(limit: 300)
        var place = 0
        repeat {
            let end = min(place + (cuts ?? stream.count), stream.count)
            reader.append(stream.span.extracting(place..<end))
            place = end
            do throws(Framing.Failure) {
                while let message = try reader.next() { outcome.messages.append(message) }
            } catch {
                outcome.failure = error
            }
        } while outcome.failure == nil && place < stream.count
        outcome.encoding = reader.encoding
        return outcome
    }
}
