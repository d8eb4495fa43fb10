import Wire

extension FuzzEntry {
    /// Whatever decodes goes out in one form that reads back the same, there and by way of
    /// MessagePack; and white space decides nothing.
    public static func json(_ input: [UInt8]) {
        let value: Value
        do throws(DecodeError) {
            value = try Value(json: input.span)
        } catch {
            require(error.offset >= 0 && error.offset <= input.count, "an offset outside the input")
            return
        }
        let written = value.json
        require((try? Value(json: written.span)) == value, "another value came back")
        let spaced = [0x20, 0x0a] + written + [0x09, 0x0d]
        require((try? Value(json: spaced.span)) == value, "white space changed the value")
        let packed = value.messagePack
        require((try? Value(messagePack: packed.span)) == value, "MessagePack changed the value")
    }
}
