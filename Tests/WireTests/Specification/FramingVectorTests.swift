import Testing
import Wire

/// `spec/vectors/framing.json`: a stream of bytes, and the messages in it.
@Suite("The vectors of the specification for framing") struct FramingVectorTests {
    static let vectors = (try? Step.load("framing")) ?? []

    private struct Outcome: Equatable {
        var encoding: Encoding?
        var messages: [[UInt8]] = []
        var failure: Framing.Failure?
    }

    @Test("are at least twenty, half of them errors") func counts() {
        #expect(Self.vectors.count >= 20)
        #expect(Self.vectors.count { $0.has("error") } * 2 >= Self.vectors.count)
    }

    @Test("hold, whole, cut in two at any byte, and byte by byte") func hold() {
        for vector in Self.vectors {
            let input = bytes(vector.text("bytes") ?? "")
            let due = Self.due(vector)
            let id = vector.text("id") ?? "?"
            #expect(Self.read([input], vector) == due, "\(id)")
            for cut in input.indices {
                let pieces = [Array(input[..<cut]), Array(input[cut...])]
                #expect(Self.read(pieces, vector) == due, "\(id), cut at \(cut)")
            }
            #expect(Self.read(input.map { [$0] }, vector) == due, "\(id), byte by byte")
        }
    }

    @Test("are the bytes that a sender writes") func written() {
        for vector in Self.vectors where !vector.has("error") {
            guard let encoding = Self.encoding(vector) else { continue }
            var written = vector.text("side") == "server" ? Framing.preamble(encoding) : []
            for message in Self.due(vector).messages { written += Framing.frame(message) }
            // What is left behind is a frame that has not come yet.
            #expect(bytes(vector.text("bytes") ?? "").starts(with: written))
        }
    }

    private static func read(_ pieces: [[UInt8]], _ vector: Step) -> Outcome {
        var outcome = Outcome()
        let given = vector.text("side") == "client" ? encoding(vector) : nil
        var reader = FrameReader(limit: Int(vector.number("limit") ?? 0), encoding: given)
        for piece in pieces where outcome.failure == nil {
            reader.append(piece.span)
            do throws(Framing.Failure) {
                while let message = try reader.next() { outcome.messages.append(message) }
            } catch {
                outcome.failure = error
            }
        }
        outcome.encoding = reader.encoding
        return outcome
    }

    private static func encoding(_ vector: Step) -> Encoding? {
        switch vector.text("encoding") {
        case "json": .json
        case "messagePack": .messagePack
        default: nil
        }
    }

    private static func due(_ vector: Step) -> Outcome {
        var outcome = Outcome(encoding: encoding(vector))
        outcome.messages = vector.list("messages").map { value in
            if case .text(let text) = value { bytes(text.string) } else { [] }
        }
        switch vector.text("error") {
        case "empty": outcome.failure = .empty
        case "tooLong": outcome.failure = .tooLong(vector.number("length") ?? 0)
        case "notThisProtocol": outcome.failure = .notThisProtocol
        case "unsupported": outcome.failure = .unsupported
        default: break
        }
        return outcome
    }
}
