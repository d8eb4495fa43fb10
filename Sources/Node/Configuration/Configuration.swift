import Hub
import Transport
import Wire

/// What an operator may set, as plain values: files are named, not yet read.
///
/// `ConfigurationKeys` has the one table of all keys; this holds their values, and by its own
/// initial values their defaults.
public struct Configuration: Equatable, Sendable {
    var loops = 1
    var kernel = KernelChoice.auto
    var drainTime = Interval.seconds(5)
    var compresses = true
    var listeners: [ListenerWish] = []
    var keyFiles: [String] = []
    var issuer: String?
    var audience: String?
    var leeway = Interval.seconds(30)
    var roles: [RoleWish] = []
    var origins: [String] = []
    var trustedProxies: [String] = []
    var limits = NodeLimits()
    var topicLimit = Hub.Settings().topicLimit
    var viewsPerTopic = Hub.Settings().viewsPerTopic
    var viewsPerUser = Hub.Settings().viewsPerPrincipal
    var desk = DeskWish()
    var topics: [TopicWish] = []
    var storeFile: String?
    var storeLogPages = StoreFile.Options().logPages
    var adminAddress: SocketAddress?
    /// Nil: where others than this machine can connect.
    var adminWantsToken: Bool?
    var hasPage = false
    var logLevel = LogLevel.info
    var logForm = LogForm.text

    init() {}

    struct ListenerWish: Equatable, Sendable {
        var name = "web"
        var address = SocketAddress.loopback(port: 8080)
        var speaks = Speech.http
        var certificate: String?
        var privateKey: String?
        var proxyHeader = false
    }

    enum Speech: String, CaseIterable, Sendable {
        case http
        case framed
    }

    struct RoleWish: Equatable, Sendable {
        var name = ""
        var commands: [String] = []
        var grants: [GrantWish] = []
    }

    struct GrantWish: Equatable, Sendable {
        var topics = ""
        var read: Mask?
        var write: Mask?
    }

    struct TopicWish: Equatable, Sendable {
        var pattern = ""
        var kind = Kind.state
        var settings = TopicSettings()
    }

    enum Kind: String, CaseIterable, Sendable {
        case state
        case collection
        case event
        case signal
    }

    /// The terms of a connection, and what is done with readers who do not keep up.
    struct DeskWish: Equatable, Sendable {
        var terms = Terms()
        var lagsBeforeSlowing = Desk.Settings(terms: Terms()).lagsBeforeSlowing
        var patience = Desk.Settings(terms: Terms()).patience
    }
}
