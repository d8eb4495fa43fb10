import Wire

/// How many different views each principal watches (rule 13): every one of them costs each patch
/// of its topic something, so one principal may not take them all. Looked at when somebody comes
/// or goes, and never on the way of a frame.
struct ViewBook: Sendable {
    private struct Name: Hashable, Sendable {
        let tenant: Text
        let principal: Text
    }

    private struct Entry: Sendable {
        let topic: Int
        let view: Int
        var seats: Int
    }

    /// By principal; each list in the order of topics and views.
    private var entries: [Name: [Entry]] = [:]

    /// Whether a principal may sit at a view: one that it has already, or one more. `view` is nil
    /// for one that would have to be made.
    func admits(
        _ principal: Text, of tenant: Text, topic: Int, view: Int?, _ settings: Hub.Settings
    ) -> Bool {
        guard let list = entries[Name(tenant: tenant, principal: principal)] else { return true }
        let first = ViewBook.place(topic, 0, in: list)
        let last = ViewBook.place(topic + 1, 0, in: list)
        if let view, list[first..<last].contains(where: { $0.view == view }) { return true }
        return last - first < settings.viewsPerTopic && list.count < settings.viewsPerPrincipal
    }

    mutating func sit(_ principal: Text, of tenant: Text, topic: Int, view: Int) {
        let name = Name(tenant: tenant, principal: principal)
        var list = entries.removeValue(forKey: name) ?? []
        let place = ViewBook.place(topic, view, in: list)
        if place < list.count, list[place].topic == topic, list[place].view == view {
            list[place].seats += 1
        } else {
            list.insert(Entry(topic: topic, view: view, seats: 1), at: place)
        }
        entries[name] = list
    }

    mutating func rise(_ principal: Text, of tenant: Text, topic: Int, view: Int) {
        let name = Name(tenant: tenant, principal: principal)
        guard var list = entries.removeValue(forKey: name) else { return }
        let place = ViewBook.place(topic, view, in: list)
        if place < list.count, list[place].topic == topic, list[place].view == view {
            list[place].seats -= 1
            if list[place].seats == 0 { list.remove(at: place) }
        }
        if !list.isEmpty { entries[name] = list }
    }

    /// Nobody is in the book.
    var isEmpty: Bool { entries.isEmpty }

    private static func place(_ topic: Int, _ view: Int, in list: [Entry]) -> Int {
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if (list[middle].topic, list[middle].view) < (topic, view) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
