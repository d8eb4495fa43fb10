import Hub
import Synchronization
import Transport
import Wire

/// What the store's thread does with its letters: all commits that are there as one group, then
/// some of the loads, so that neither keeps the other waiting for long.
///
/// Commits go first: a loop that has both about one topic said the commit first.
struct StoreWorker: ~Copyable {
    private let file: StoreFile
    private let link: Store.Link
    private var complaints: StoreComplaints
    private var reply: Store.Reply?
    private var commits: [(loop: Int, commit: Commit)] = []
    private var loads: [(loop: Int, key: TopicKey)] = []
    private var lists: [(loop: Int, after: Int64)] = []
    /// How many of the loads are done.
    private var loaded = 0
    private var isStopping = false

    /// So many at a time: a hundredth of a second for topics of an ordinary size.
    private static let loadsPerRound = 64

    init(_ file: StoreFile, _ link: Store.Link, _ complaints: consuming StoreComplaints) {
        self.file = file
        self.link = link
        self.complaints = complaints
    }

    mutating func work() {
        while true {
            let isIdle = commits.isEmpty && loads.isEmpty
            if isIdle && isStopping { return }
            for letter in isIdle ? link.intake.collect() : link.intake.glance() { take(letter) }
            commitGroup()
            loadSome()
            list()
            settle()
        }
    }

    private mutating func take(_ letter: Store.Letter) {
        switch letter {
        case .begin(let reply): self.reply = reply
        case .stop: isStopping = true
        case .requests(let requests, let loop):
            for request in requests {
                switch request {
                case .load(let key): loads.append((loop, key))
                case .list(let after): lists.append((loop, after))
                case .commit(let commit): commits.append((loop, commit))
                }
            }
        case .revoke(let revocation, let then):
            do throws(DatabaseError) {
                try file.add(revocation, now: Process.wall)
                then(true)
            } catch {
                complain("a revocation could not be stored", error)
                then(false)
            }
        }
    }

    private mutating func commitGroup() {
        if commits.isEmpty { return }
        let group = commits
        commits = []
        let begun = System.now
        let outcomes = file.commit(group.map { $0.commit })
        let took = System.now.since(begun).nanoseconds
        var answers = StoreAnswers()
        var failures: UInt64 = 0
        for (i, outcome) in outcomes.enumerated() {
            let id = group[i].commit.id
            answers.add(outcome == nil ? .committed(id) : .failed(id), for: group[i].loop)
            if let outcome {
                failures += 1
                complain("what was published could not be stored", outcome)
            }
        }
        if failures == 0 { complaints.isWell(file.path, now: System.now) }
        let pages = file.database.logPages
        link.counts.withLock { counts in
            counts.groups += 1
            counts.commits += UInt64(group.count)
            counts.failedCommits += failures
            counts.isFailing = failures > 0
            counts.groupNanoseconds += took
            counts.longestGroupNanoseconds = max(counts.longestGroupNanoseconds, took)
            counts.logPages = pages
        }
        send(answers)
    }

    private mutating func loadSome() {
        if loads.isEmpty { return }
        let end = min(loads.count, loaded + StoreWorker.loadsPerRound)
        var answers = StoreAnswers()
        var failures: UInt64 = 0
        for (loop, key) in loads[loaded..<end] {
            do throws(DatabaseError) {
                answers.add(.loaded(key, try file.load(key)), for: loop)
            } catch {
                failures += 1
                complain("a topic could not be read", error)
                answers.add(.loadFailed(key), for: loop)
            }
        }
        let count = UInt64(end - loaded)
        link.counts.withLock { counts in
            counts.loads += count
            counts.failedLoads += failures
        }
        loaded = end
        if loaded == loads.count {
            loads = []
            loaded = 0
        }
        send(answers)
    }

    /// Pages of the list of topics. One that cannot be read is asked for again later.
    private mutating func list() {
        if lists.isEmpty { return }
        var answers = StoreAnswers()
        for (loop, after) in lists {
            do throws(DatabaseError) {
                answers.add(.listed(try file.list(after: after)), for: loop)
            } catch {
                complain("the list of topics could not be read", error)
            }
        }
        lists = []
        send(answers)
    }

    private mutating func settle() {
        let begun = System.now
        do throws(DatabaseError) {
            guard try file.settle() else { return }
        } catch {
            complain("the write-ahead log could not be moved into the file", error)
            return
        }
        let took = System.now.since(begun).nanoseconds
        link.counts.withLock { counts in
            counts.settlings += 1
            counts.longestSettlingNanoseconds = max(counts.longestSettlingNanoseconds, took)
        }
    }

    private func send(_ answers: StoreAnswers) {
        for (loop, answers) in answers.byLoop { reply?(loop, answers) }
    }

    private mutating func complain(_ what: String, _ error: DatabaseError) {
        complaints.complain(file.path, what, error, now: System.now)
    }
}

/// A round's answers, those of each loop together.
private struct StoreAnswers {
    private(set) var byLoop: [(loop: Int, answers: [StoreAnswer])] = []

    mutating func add(_ answer: StoreAnswer, for loop: Int) {
        if let place = byLoop.firstIndex(where: { $0.loop == loop }) {
            byLoop[place].answers.append(answer)
        } else {
            byLoop.append((loop, [answer]))
        }
    }
}
