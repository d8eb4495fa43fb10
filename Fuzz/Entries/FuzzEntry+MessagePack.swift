public import Wire

extension FuzzEntry {
    /// Whatever decodes, decodes to what the reference implementation reads, and goes out in one
    /// form that reads back the same.
    public static func messagePack(_ input: [UInt8]) {
        let value = messagePackAlone(input)
        var reader = MessagePackReader(input.span)
        // Only what our own walk over the declared lengths allows may reach the reference, which
        // reserves whatever is declared.
        guard (try? reader.skip()) != nil else {
            require(value == nil, "decoded, but could not be stepped over")
            return
        }
        switch Reference.decode(input) {
        case .value(let theirs): require(value == theirs, "the reference reads another value")
        case .refused: require(value == nil, "the reference refuses")
        case .tooDeepForIt: break
        }
    }

    /// The same without the reference.
    @discardableResult
    public static func messagePackAlone(_ input: [UInt8]) -> Value? {
        let value: Value
        do throws(DecodeError) {
            value = try Value(messagePack: input.span)
        } catch {
            require(error.offset >= 0 && error.offset <= input.count, "an offset outside the input")
            return nil
        }
        let written = value.messagePack
        require((try? Value(messagePack: written.span)) == value, "another value came back")
        return value
    }

    /// Whether the input is refused for the bytes behind its first.
    public static func messagePackEndsEarly(_ input: [UInt8]) -> Bool {
        do throws(DecodeError) {
            _ = try Value(messagePack: input.span)
            return false
        } catch {
            return error.offset == 1 && error.reason == .trailingBytes
        }
    }

    /// A value is written as the reference writes it, and read back as itself by both.
    public static func messagePackWriting(_ value: Value) {
        let written = value.messagePack
        require(written == Reference.encode(value), "the reference writes \(value) otherwise")
        messagePack(written)
        require((try? Value(messagePack: written.span)) == value, "another value came back")
    }
}
