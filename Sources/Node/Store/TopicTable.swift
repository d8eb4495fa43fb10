import Hub
import Wire

/// The table of topics: their numbers, by which all other rows know them, and their epochs.
final class TopicTable {
    private let database: Database
    private let findTopic: Statement
    private let addTopic: Statement
    private let setEpoch: Statement
    private let setUsed: Statement
    private let dropTopic: Statement
    private let listTopics: Statement
    private let forget: [Statement]

    /// Topics that were written to.
    private var places: [TopicKey: Place] = [:]
    private static let placeLimit = 65_536

    struct Place {
        let id: Int64
        let epoch: Text
        /// When it was last published to, as the table has it.
        var used: Int64
    }

    init(_ database: Database) throws(DatabaseError) {
        self.database = database
        findTopic = try database.statement(
            "SELECT id, epoch, used FROM topics WHERE tenant = ? AND name = ?")
        addTopic = try database.statement(
            "INSERT INTO topics (tenant, name, epoch) VALUES (?, ?, ?)")
        setEpoch = try database.statement("UPDATE topics SET epoch = ? WHERE id = ?")
        setUsed = try database.statement("UPDATE topics SET used = ? WHERE id = ?")
        dropTopic = try database.statement("DELETE FROM topics WHERE id = ?")
        listTopics = try database.statement(
            "SELECT id, tenant, name, used FROM topics WHERE id > ? ORDER BY id LIMIT ?")
        forget = [
            try database.statement("DELETE FROM log WHERE topic = ?"),
            try database.statement("DELETE FROM checkpoints WHERE topic = ?"),
            try database.statement("DELETE FROM names WHERE topic = ?"),
            try database.statement("DELETE FROM dead_letters WHERE topic = ?"),
        ]
    }

    /// After a transaction that was taken back: what it had made is not there.
    func forgetPlaces() { places = [:] }

    func find(_ key: TopicKey) throws(DatabaseError) -> Place? {
        try findTopic.bind(key.tenant)
        try findTopic.bind(key.name)
        guard try findTopic.step() else { return nil }
        defer { findTopic.reset() }
        guard let epoch = findTopic.text(1) else {
            throw .damaged(key, "its epoch is no text")
        }
        return Place(id: findTopic.integer(0), epoch: epoch, used: findTopic.integer(2))
    }

    /// The topic's number, made if need be; that it was published to is noted to the hour.
    func number(of write: TopicWrite) throws(DatabaseError) -> Int64 {
        let place = try place(of: write)
        if let used = write.records.last?.time.seconds, used >= place.used + 3_600 {
            try setUsed.bind(used)
            try setUsed.bind(place.id)
            try setUsed.run()
            places[write.key]?.used = used
        }
        return place.id
    }

    /// Made if need be. In another epoch nothing that was stored counts.
    private func place(of write: TopicWrite) throws(DatabaseError) -> Place {
        if let known = places[write.key], known.epoch == write.epoch { return known }
        let place: Place
        if let found = try find(write.key) {
            if found.epoch != write.epoch {
                try forgetAll(of: found.id)
                try setEpoch.bind(write.epoch)
                try setEpoch.bind(found.id)
                try setEpoch.run()
            }
            place = Place(id: found.id, epoch: write.epoch, used: found.used)
        } else {
            try addTopic.bind(write.key.tenant)
            try addTopic.bind(write.key.name)
            try addTopic.bind(write.epoch)
            try addTopic.run()
            place = Place(id: database.lastID, epoch: write.epoch, used: 0)
        }
        if places.count >= TopicTable.placeLimit { places = [:] }
        places[write.key] = place
        return place
    }

    private func forgetAll(of id: Int64) throws(DatabaseError) {
        for statement in forget {
            try statement.bind(id)
            try statement.run()
        }
    }

    /// A page of the topics, by number.
    func list(after number: Int64, limit: Int64) throws(DatabaseError) -> TopicList {
        try listTopics.bind(number)
        try listTopics.bind(limit)
        var topics: [TopicList.Entry] = []
        var rows: Int64 = 0
        var last = number
        while try listTopics.step() {
            rows += 1
            last = listTopics.integer(0)
            guard let tenant = listTopics.text(1), let name = listTopics.text(2) else { continue }
            topics.append(
                TopicList.Entry(
                    key: TopicKey(tenant: tenant, name: name),
                    used: WallTime(seconds: listTopics.integer(3))))
        }
        return TopicList(topics: topics, last: rows == limit ? last : nil)
    }

    /// Nothing of it is kept.
    func drop(_ key: TopicKey) throws(DatabaseError) {
        places[key] = nil
        guard let id = try find(key)?.id else { return }
        try forgetAll(of: id)
        try dropTopic.bind(id)
        try dropTopic.run()
    }
}

extension DatabaseError {
    static func damaged(_ key: TopicKey, _ what: String) -> DatabaseError {
        DatabaseError(code: 11, message: "topic \(key.name) of tenant \(key.tenant): \(what)")
    }
}
