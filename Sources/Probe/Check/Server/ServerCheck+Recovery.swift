internal import Transport
internal import Wire

extension ServerCheck {
    static let recovery: [Trial] = [
        Trial("a cursor goes on where it was", "S7", "S8", "D15", "D17") {
            (check) throws(Finding) in
            for encoding in Encoding.allCases {
                let writer = try check.ready()
                let topic = check.topic()
                try writer.set(topic, ["a": 1, "b": ["x": 1, "y": 2]])
                let first = try check.ready(encoding)
                let watch = try first.watch(topic)
                first.cut()
                let same = try check.ready(encoding)
                let still = try same.watch(topic) { $0.cursor = watch.cursor }
                try demand(
                    still.answer.verdict == .continued || still.answer.verdict == .snapshot,
                    "a cursor at the head: verdict \(still.answer.verdict.rawValue)")
                same.cut()
                try writer.set(topic, ["a": 2])
                try writer.unset(topic, ["b", "x"])
                let head = try writer.set(topic, ["c": 3])
                let back = try check.line(encoding)
                // All in one flight.
                back.say(.open(Open()))
                back.say(.authenticate(Authenticate(token: try check.token())))
                back.say(.subscribe(Subscribe(id: 1, topic: topic, cursor: watch.cursor)))
                let answer = try back.subscribed(1)
                let again = Watch(back, watch.request, answer)
                if answer.verdict == .caughtUp { again.resume(from: watch) }
                try again.begin()
                try again.come(to: head)
                try again.expect(["a": 2, "b": ["y": 2], "c": 3], "after a resume")
                try again.prove()
                if answer.verdict == .snapshot {
                    throw .lenient("three patches later a snapshot, where a diff would do")
                }
                try demand(answer.verdict == .caughtUp, "verdict \(answer.verdict.rawValue)")
            }
        },
        Trial("a cursor of another epoch or view is worth nothing", "S8") {
            (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            try talk.set(topic, ["a": 1, "b": 2])
            let watch = try talk.watch(topic)
            let held = watch.cursor
            let wrong = [
                Cursor(epoch: "another", version: held.version, print: held.print),
                Cursor(epoch: held.epoch, version: held.version, print: "0123456789abcdef"),
                Cursor(epoch: held.epoch, version: held.version + 1_000, print: held.print),
                Cursor(epoch: Text(), version: 0, print: Text()),
            ]
            for cursor in wrong {
                let again = try talk.watch(topic) { $0.cursor = cursor }
                try demand(
                    again.answer.verdict == .snapshot,
                    "cursor \(cursor) was answered with verdict \(again.answer.verdict.rawValue)")
                try again.expect(["a": 1, "b": 2], "a snapshot for a cursor of no worth")
            }
            let masked = try talk.watch(topic) {
                $0.cursor = held
                $0.fields = Mask(paths: [["a"]])
            }
            try demand(masked.answer.verdict == .snapshot, "the cursor of another view was taken")
        },
        Trial("an old cursor after many removals", "D17", "S8") { (check) throws(Finding) in
            let talk = try check.ready(.messagePack)
            let topic = check.topic()
            try talk.set(topic, ["keep": 1])
            let watch = try talk.watch(topic)
            let cursor = watch.cursor
            for part in 0..<10 {
                var map = Map()
                for n in 0..<600 { map[Text("k\(part)-\(n)")] = 1 }
                try talk.set(topic, map)
                try talk.unset(topic, ["nothing"])
                let patch = Patch(unset: map.entries.map { Path([$0.key]) })
                _ = try talk.done(talk.publish(topic, patch), "600 removals")
            }
            let head = try talk.set(topic, ["keep": 2])
            let back = try check.ready()
            let answer = Watch(
                back, watch.request, try back.subscribedAgain(topic, cursor))
            if answer.answer.verdict == .caughtUp { answer.resume(from: watch) }
            try answer.begin()
            try answer.come(to: head)
            try answer.expect(["keep": 2], "from a cursor of 21 versions and 6,000 removals ago")
            try answer.prove()
        },
        Trial("an id in use is taken over", "S9") { (check) throws(Finding) in
            let talk = try check.ready()
            let (one, two) = (check.topic(), check.topic())
            try talk.set(one, ["a": 1])
            try talk.set(two, ["b": 1])
            let first = try talk.watch(one) { $0.id = 77 }
            let second = try talk.watch(two) { $0.id = 77 }
            try second.expect(["b": 1], "the second subscription under an id")
            try talk.set(one, ["a": 2])
            let end = try talk.set(two, ["b": 2])
            try second.come(to: end)
            try talk.fence()
            let old = talk.leftovers {
                if case .diff(let diff) = $0 {
                    diff.view == first.answer.view && first.answer.view != second.answer.view
                } else {
                    false
                }
            }
            try demand(old == 0, "the subscription that was taken over goes on")
        },
        Trial("said twice is done once", "L3", "S2") { (check) throws(Finding) in
            let name = check.instance()
            let topic = check.topic()
            let talk = try check.ready(instance: name)
            var patch = Patch()
            patch.increments = [Patch.Increment(path: ["n"], amount: Number(1))]
            let said = Message.publish(Publish(id: 1, topic: topic, change: .patch(patch)))
            talk.say(said)
            let first = try talk.done(talk.answer(to: 1), "an increment")
            talk.say(said)
            try demand(
                try talk.done(talk.answer(to: 1), "its repeat") == first,
                "a repeat got another answer")
            talk.cut()
            let later = try check.ready(.messagePack, instance: name)
            later.say(said)
            try demand(
                try later.done(later.answer(to: 1), "its repeat on a later connection") == first,
                "a repeat on a later connection got another answer")
            let watch = try later.watch(topic)
            try watch.expect(["n": 1], "an increment said three times")
            later.say(
                .publish(Publish(id: 1, topic: topic, change: .patch(Patch(set: ["n": 9])))))
            try later.refused(later.answer(to: 1), 506, "the same id with other content")
            let stranger = try check.ready(instance: check.instance())
            stranger.say(said)
            _ = try stranger.done(stranger.answer(to: 1), "the same id of another instance")
            let end = try later.set(topic, ["end": 1])
            try watch.come(to: end)
            try watch.expect(["n": 2, "end": 1], "another instance's increment")
        },
        Trial("without an instance nothing is known again", "S2") { (check) throws(Finding) in
            let topic = check.topic()
            for _ in 0..<2 {
                let talk = try check.ready()
                var patch = Patch()
                patch.increments = [Patch.Increment(path: ["n"], amount: Number(1))]
                talk.say(.publish(Publish(id: 1, topic: topic, change: .patch(patch))))
                _ = try talk.done(talk.answer(to: 1), "an increment")
                talk.cut()
            }
            let watch = try check.ready().watch(topic)
            try watch.expect(["n": 2], "the same id on two connections without an instance")
        },
        Trial("an id older than the window is refused", "L3") { (check) throws(Finding) in
            let talk = try check.ready(.messagePack, instance: check.instance())
            guard talk.terms.dedupWindow <= 5_000 else {
                throw .untried("dedupWindow is \(talk.terms.dedupWindow)")
            }
            let topic = check.topic()
            // Servers may remember somewhat more than they promise.
            let count = talk.terms.dedupWindow * 3
            func say(_ id: UInt64) {
                let patch = Patch(set: ["n": .unsigned(id)])
                talk.say(.publish(Publish(id: id, topic: topic, change: .patch(patch))))
            }
            var answered: UInt64 = 0
            for id in 1...count {
                say(id)
                if id - answered >= min(talk.terms.inFlight, 128) {
                    answered += 1
                    _ = try talk.done(talk.answer(to: answered), "publish \(answered)")
                }
            }
            while answered < count {
                answered += 1
                _ = try talk.done(talk.answer(to: answered), "publish \(answered)")
            }
            say(count)
            _ = try talk.done(talk.answer(to: count), "the repeat of the newest id")
            say(1)
            try talk.refused(talk.answer(to: 1), 507, "an id \(count) answers old")
        },
        Trial("so many publishes at once", "L5", "L1", "L6") { (check) throws(Finding) in
            let talk = try check.ready()
            let topic = check.topic()
            let watch = try talk.watch(topic)
            let count = min(talk.terms.inFlight * 3, 3_000)
            for id in 1...count {
                let patch = Patch(set: ["n": .unsigned(id)])
                talk.say(.publish(Publish(id: id, topic: topic, change: .patch(patch))))
            }
            var last: UInt64 = 0
            for id in 1...count {
                let version = try talk.done(talk.answer(to: id), "publish \(id)")
                try demand(version > last, "publish \(id) became \(version), after \(last)")
                last = version
            }
            while watch.version < last {
                if watch.snapshots == 0 {
                    try watch.hearSnapshot()
                } else {
                    try watch.come(to: last)
                }
            }
            try watch.expect(["n": .unsigned(count)], "after \(count) publishes in a row")
        },
    ]
}

extension Talk {
    func subscribedAgain(_ topic: Text, _ cursor: Cursor) throws(Finding) -> Subscribed {
        let id = freshID()
        say(.subscribe(Subscribe(id: id, topic: topic, cursor: cursor)))
        return try subscribed(id)
    }
}
