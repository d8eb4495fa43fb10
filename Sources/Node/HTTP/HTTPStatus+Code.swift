import Transport
import Wire

extension HTTPStatus {
    /// The status that says in HTTP's words what a code says in ours (spec/transports.md).
    init(_ code: Code) {
        switch code {
        case .malformed, .unknownMessage, .unexpectedMessage: self = .badRequest
        case .unsupported, .unsupportedVersion: self = .notFound
        case .notAllowed: self = .forbidden
        case .conflict: self = .conflict
        case .idTooOld, .replaced: self = .gone
        case .idReused, .invalidPatch, .wrongKind: self = .unprocessable
        case .tooLarge: self = .contentTooLarge
        case .tooMany, .tooManyProblems, .rateExceeded: self = .tooManyRequests
        default:
            switch code.remedy {
            case .retryNow, .retryLater: self = .unavailable
            case .authenticateAgain: self = .unauthorized
            case .takeSnapshot: self = .gone
            case .giveUp: self = .unprocessable
            }
        }
    }
}

extension HTTPResponse {
    /// A problem as an `error` message, with the status and the fields that belong to it.
    init(_ problem: Problem, _ encoding: Encoding, after: UInt64? = nil) {
        self.init(
            HTTPStatus(problem.code),
            fields: [("content-type", encoding.mediaType), ("cache-control", "no-store")],
            body: Message.error(problem).encoded(encoding))
        addRetry(problem.code, after: after)
    }

    /// When to try again, in whole seconds and never none.
    mutating func addRetry(_ code: Code, after milliseconds: UInt64?) {
        switch code.remedy {
        case .retryNow, .retryLater:
            let seconds = ((milliseconds ?? 1_000) + 999) / 1_000
            fields.append(("retry-after", String(max(seconds, 1))))
        case .authenticateAgain:
            fields.append(("www-authenticate", "Bearer realm=\"fieldcast\""))
        case .takeSnapshot, .giveUp: break
        }
    }
}
