/// Why bytes were refused, and where: `offset` counts from the first byte of the input.
public struct DecodeError: Error, Equatable, Sendable {
    public enum Reason: Equatable, Sendable {
        /// The input ends inside a value, or a length promises more than is there.
        case truncated
        /// Something follows the value.
        case trailingBytes
        /// Maps and arrays are nested deeper than the limit.
        case tooDeep
        /// A byte that begins nothing, or stands where it must not.
        case unexpectedByte
        case invalidUTF8
        case duplicateKey
        /// A map's key is not a text.
        case keyNotText
        /// NaN or an infinity, or a decimal too large for a double.
        case numberNotFinite
        /// An integer below Int64.min or above UInt64.max, or where less is allowed, above that.
        case numberOutOfRange
        /// Digits that JSON's grammar does not allow: leading zeros, a missing digit.
        case malformedNumber
        /// A `\u` escape that is half of a surrogate pair.
        case loneSurrogate
        case unknownEscape
        /// A control character that should have been escaped.
        case controlCharacter
        /// A tagged value (`$bytes`, `$time`, `$int`, `$custom`) whose content is not of its form.
        case malformedTag
        /// A timestamp whose nanoseconds are a second or more, or whose length is none of three.
        case malformedTime
        /// A well-formed value of another kind than the place asks for.
        case wrongKind
        /// A required field is missing.
        case missingField
        /// A message type that this version does not know.
        case unknownMessage
        /// An alias that no definition was received for.
        case unknownAlias
        /// More elements than the limit for this place.
        case tooMany
    }

    public let reason: Reason
    public let offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}
