// The documents of the fixture as structs, the way an application would write them for Foundation.

struct Metrics: Codable {
    var abandoned: Int
    var abandonedPercent: Double
    var agentsAway: Int
    var agentsBusy: Int
    var agentsIdle: Int
    var agentsOnline: Int
    var agentsTotal: Int
    var alertLevel: String
    var alertsMuted: Bool
    var botHandoffs: Int
    var botShare: Double
    var chatsActive: Int
    var chatsClosed: Int
    var chatsOpened: Int
    var chatsToday: Int
    var cpuLoad: Double
    var customersTyping: Int
    var databaseOk: Bool
    var emailsLate: Int
    var emailsOpen: Int
    var firstReplyMedian: Double
    var firstReplyP95: Double
    var goalReached: Bool
    var handleTimeMean: Double
    var handleTimeP95: Double
    var headline: String
    var lastError: String
    var leadsCreated: Int
    var longestWaiting: Int
    var messagesFiles: Int
    var messagesImages: Int
    var messagesIn: Int
    var messagesOut: Int
    var messagesPerMinute: Double
    var messagesText: Int
    var netPromoter: Int
    var oldestTicket: String
    var peakConversations: Int
    var peakHour: String
    var queueLength: Int
    var queueLimit: Int
    var queuePriority: Int
    var ratingCount: Int
    var ratingMean: Double
    var ratingTrend: Double
    var region: String
    var reopened: Int
    var resolvedPercent: Double
    var routingMode: String
    var screenFrozen: Bool
    var serviceLevelMet: Bool
    var slaAtRisk: Int
    var slaPercent: Double
    var teamName: String
    var ticketsOpen: Int
    var topLanguage: String
    var transfersToday: Int
    var waitingMean: Double
    var waitingP95: Double
    var weekend: Bool
}

struct Session: Codable {
    var agent: String
    var channel: String
    var country: String
    var customer: String
    var customerId: String
    var firstReplySeconds: Double
    var id: String
    var language: String
    var lastMessage: String
    var lastMessageAt: Double
    var messages: Int
    var openedAt: Int
    var priority: Int
    var rating: Int?
    var sentiment: Double
    var status: String
    var subject: String
    var tags: [String]
    var transferred: Bool
    var typing: Bool
    var unread: Int
    var waitSeconds: Double
}

struct Chat: Codable {
    var attachments: [Attachment]
    var author: Author
    var edited: Bool
    var id: String
    var kind: String
    var replyTo: String
    var seenBy: [String]
    var sentAt: Double
    var sequence: Int
    var session: String
    var text: String
    var urgent: Bool

    struct Attachment: Codable {
        var bytes: Int
        var name: String
        var type: String
    }

    struct Author: Codable {
        var id: String
        var name: String
        var role: String
    }
}
