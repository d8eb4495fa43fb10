/// What a request asks for. Methods outside this list are answered 501.
public enum HTTPMethod: String, Equatable, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case patch = "PATCH"
    case options = "OPTIONS"
}

/// The limits on what one peer may send; checked before anything is stored.
public struct HTTPLimits: Equatable, Sendable {
    /// Request line or status line and all fields, with their line ends.
    public var headBytes = 16 * 1024
    public var fields = 100
    public var bodyBytes = 1024 * 1024

    public init() {}
}

/// Why a message is refused. Whatever two readers could take for different messages is here:
/// it is answered once, with the status, and the connection is closed.
public enum HTTPFault: Error, Equatable, Sendable {
    case headTooLarge, tooManyFields, bodyTooLarge
    case bareLineEnd, controlByte, badRequestLine, badTarget, badStatusLine
    case badField, foldedField, badHost, ambiguousLength, badLength, badChunk
    case unsupportedVersion, unknownMethod, unsupportedCoding

    /// What the peer is told.
    public var status: HTTPStatus {
        switch self {
        case .headTooLarge, .tooManyFields: .headFieldsTooLarge
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedVersion: .versionNotSupported
        case .unknownMethod, .unsupportedCoding: .notImplemented
        case .bareLineEnd, .controlByte, .badRequestLine, .badTarget, .badStatusLine, .badField,
            .foldedField, .badHost, .ambiguousLength, .badLength, .badChunk:
            .badRequest
        }
    }
}

public struct HTTPStatus: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let switchingProtocols = HTTPStatus(rawValue: 101)
    public static let ok = HTTPStatus(rawValue: 200)
    public static let created = HTTPStatus(rawValue: 201)
    public static let accepted = HTTPStatus(rawValue: 202)
    public static let noContent = HTTPStatus(rawValue: 204)
    public static let notModified = HTTPStatus(rawValue: 304)
    public static let badRequest = HTTPStatus(rawValue: 400)
    public static let unauthorized = HTTPStatus(rawValue: 401)
    public static let forbidden = HTTPStatus(rawValue: 403)
    public static let notFound = HTTPStatus(rawValue: 404)
    public static let methodNotAllowed = HTTPStatus(rawValue: 405)
    public static let requestTimeout = HTTPStatus(rawValue: 408)
    public static let conflict = HTTPStatus(rawValue: 409)
    public static let gone = HTTPStatus(rawValue: 410)
    public static let contentTooLarge = HTTPStatus(rawValue: 413)
    public static let unsupportedMediaType = HTTPStatus(rawValue: 415)
    public static let unprocessable = HTTPStatus(rawValue: 422)
    public static let upgradeRequired = HTTPStatus(rawValue: 426)
    public static let tooManyRequests = HTTPStatus(rawValue: 429)
    public static let headFieldsTooLarge = HTTPStatus(rawValue: 431)
    public static let internalError = HTTPStatus(rawValue: 500)
    public static let notImplemented = HTTPStatus(rawValue: 501)
    public static let unavailable = HTTPStatus(rawValue: 503)
    public static let versionNotSupported = HTTPStatus(rawValue: 505)

    public var phrase: String {
        switch rawValue {
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
