/// Why something failed, by number; the hundreds say what to do, so that a client that does not
/// know a code still does the right thing.
///
/// As WebSocket close codes they travel with 3,000 added.
public struct Code: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public enum Remedy: Equatable, Sendable {
        /// 100 to 199: the same again, at once.
        case retryNow
        /// 200 to 299: the same again, after the time given or the back-off.
        case retryLater
        /// 300 to 399: with another token.
        case authenticateAgain
        /// 400 to 499: drop what is held and subscribe without a cursor.
        case takeSnapshot
        /// Everything else: not again as it is.
        case giveUp
    }

    public var remedy: Remedy {
        switch rawValue {
        case 100...199: .retryNow
        case 200...299: .retryLater
        case 300...399: .authenticateAgain
        case 400...499: .takeSnapshot
        default: .giveUp
        }
    }

    // Retry now.
    public static let restarting = Code(rawValue: 100)
    public static let goodbye = Code(rawValue: 102)

    // Retry later. 210 to 212 are a subscriber's refusals of an event.
    public static let overloaded = Code(rawValue: 200)
    public static let storeFailed = Code(rawValue: 201)
    public static let rateExceeded = Code(rawValue: 202)
    public static let tooSlow = Code(rawValue: 203)
    public static let draining = Code(rawValue: 204)
    public static let heartbeatMissed = Code(rawValue: 205)
    public static let inactive = Code(rawValue: 206)
    public static let notNow = Code(rawValue: 210)
    public static let workingOnIt = Code(rawValue: 211)

    // Authenticate again.
    public static let notAuthenticated = Code(rawValue: 300)
    public static let authenticationLate = Code(rawValue: 301)
    public static let tokenInvalid = Code(rawValue: 302)
    public static let tokenExpired = Code(rawValue: 303)
    public static let tokenRevoked = Code(rawValue: 304)

    // Take a snapshot.
    public static let hashDiffers = Code(rawValue: 400)
    public static let viewChanged = Code(rawValue: 401)

    // Give up.
    public static let malformed = Code(rawValue: 500)
    public static let unknownMessage = Code(rawValue: 501)
    public static let unexpectedMessage = Code(rawValue: 502)
    public static let unsupported = Code(rawValue: 503)
    /// Absent and not allowed answer alike (rule 30).
    public static let notAllowed = Code(rawValue: 504)
    public static let conflict = Code(rawValue: 505)
    public static let idReused = Code(rawValue: 506)
    public static let idTooOld = Code(rawValue: 507)
    public static let tooLarge = Code(rawValue: 508)
    public static let tooMany = Code(rawValue: 509)
    public static let invalidPatch = Code(rawValue: 510)
    public static let wrongKind = Code(rawValue: 511)
    public static let unsupportedVersion = Code(rawValue: 512)
    public static let tooManyProblems = Code(rawValue: 513)
    public static let never = Code(rawValue: 520)
    /// Another connection reads under the same durable name now.
    public static let replaced = Code(rawValue: 521)
}
