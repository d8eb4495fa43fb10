import Wire

/// Why a token was refused. What the peer is told is less than this; the log gets it whole.
enum TokenError: Error, Equatable {
    case tooLong
    /// Not three parts of base64url with JSON objects in the first two.
    case malformed
    /// The header names extensions that must be understood, and none are.
    case unknownExtension
    /// No key of ours works with the header's algorithm (`none` never does) and has its key id.
    case unknownKey
    case wrongSignature
    /// The claim has the wrong type, or lies outside what we count.
    case malformedClaim(Text)
    /// The claim is required here, and missing.
    case missingClaim(Text)
    case expired
    case notYetValid
    case wrongIssuer
    case wrongAudience
}
