import Hub
import Transport
import Wire

/// What an operator asks, read from a request (docs/operating.md).
enum AdminRequest {
    case health
    case ready
    case metrics
    case topics(tenant: Text?, prefix: Text, limit: Int)
    case readers(TopicKey, limit: Int)
    case operate(TopicKey, Operation.Verb)
    case connections(tenant: Text?, user: Text?, id: Text?, onlySlow: Bool, limit: Int)
    case disconnect(tenant: Text?, user: Text?, id: Text?, token: Text?, Code)
    case revoke(Revocation)

    struct Mistake: Error, Equatable {
        let status: HTTPStatus
        let text: String
    }

    /// The verbs that change something, which are posted.
    private static let posts: Set<String> = [
        "/topic/reset", "/connections/disconnect", "/users/revoke", "/tokens/revoke",
        "/deadletters/replay",
    ]

    init(_ request: HTTPRequest) throws(Mistake) {
        let path = request.path
        let isPost = AdminRequest.posts.contains(path)
        guard isPost ? request.method == .post : request.method == .get || request.method == .head
        else { throw Mistake(status: .methodNotAllowed, text: isPost ? "post this" : "get this") }
        let query = Query(request: request)
        switch path {
        case "/health": self = .health
        case "/ready": self = .ready
        case "/metrics": self = .metrics
        case "/topics":
            self = .topics(
                tenant: query.text("tenant"), prefix: query.text("prefix") ?? Text(),
                limit: try query.limit())
        case "/topic": self = .operate(try query.topic(), .read)
        case "/topic/readers":
            self = .readers(try query.topic(), limit: try query.limit())
        case "/topic/reset": self = .operate(try query.topic(), .reset)
        case "/deadletters": self = .operate(try query.topic(), .deadLetters)
        case "/deadletters/replay":
            self = .operate(try query.topic(), .replay(limit: try query.limit()))
        case "/connections", "/slow":
            self = .connections(
                tenant: query.text("tenant"), user: query.text("user"), id: nil,
                onlySlow: path == "/slow", limit: try query.limit())
        case "/connection":
            self = .connections(
                tenant: nil, user: nil, id: try query.need("id"), onlySlow: false, limit: 1)
        case "/connections/disconnect":
            guard query.text("id") != nil || query.text("user") != nil else {
                throw Mistake(status: .badRequest, text: "say whom: id=, or tenant= and user=")
            }
            // Of users with the same name only those of the tenant are meant.
            let tenant = query.text("user") == nil ? query.text("tenant") : try query.need("tenant")
            self = .disconnect(
                tenant: tenant, user: query.text("user"), id: query.text("id"), token: nil,
                .restarting)
        case "/users/revoke":
            self = .revoke(
                AdminRequest.revocation(.user, try query.need("tenant"), try query.need("user")))
        case "/tokens/revoke":
            self = .revoke(
                AdminRequest.revocation(.token, try query.need("tenant"), try query.need("token")))
        default:
            throw Mistake(
                status: .notFound,
                text: "there are /health, /ready, /metrics, /topics, /topic, /topic/readers, "
                    + "/topic/reset, "
                    + "/connections, /connection, /connections/disconnect, /slow, /users/revoke, "
                    + "/tokens/revoke, /deadletters and /deadletters/replay")
        }
    }

    /// Tokens are remembered to be revoked for as long as one may reasonably live.
    private static func revocation(
        _ kind: Revocation.Kind, _ tenant: Text, _ name: Text
    ) -> Revocation {
        let now = Process.wall
        return Revocation(
            tenant: tenant, kind: kind, name: name, at: now,
            until: WallTime(seconds: now.seconds + 400 * 86_400))
    }

    var question: Inquiry.Question {
        switch self {
        // A revocation is stored before anybody is asked anything.
        case .health, .ready, .metrics, .revoke: .counters
        case .topics(let tenant, let prefix, let limit):
            .topics(tenant: tenant, prefix: prefix, limit: limit)
        case .readers(let topic, let limit): .readers(topic, limit: limit)
        case .operate(let topic, let verb): .operate(topic, verb)
        case .connections(let tenant, let user, let id, let onlySlow, let limit):
            .connections(tenant: tenant, user: user, id: id, onlySlow: onlySlow, limit: limit)
        case .disconnect(let tenant, let user, let id, let token, let code):
            .disconnect(
                tenant: tenant, user: user, id: id, token: token, code,
                reason: code == .tokenRevoked
                    ? "the token was revoked" : "the operator ended the connection")
        }
    }

    private struct Query {
        let request: HTTPRequest

        func text(_ name: String) -> Text? {
            request.queryValue(name).flatMap { $0.isEmpty ? nil : Text($0) }
        }

        func need(_ name: String) throws(Mistake) -> Text {
            guard let value = text(name) else {
                throw Mistake(status: .badRequest, text: "\(name)= is wanted")
            }
            return value
        }

        func topic() throws(Mistake) -> TopicKey {
            TopicKey(tenant: try need("tenant"), name: try need("topic"))
        }

        func limit() throws(Mistake) -> Int {
            guard let text = request.queryValue("limit") else { return 100 }
            guard let limit = Int(text), (1...10_000).contains(limit) else {
                throw Mistake(status: .badRequest, text: "limit is a number from 1 to 10,000")
            }
            return limit
        }
    }
}
