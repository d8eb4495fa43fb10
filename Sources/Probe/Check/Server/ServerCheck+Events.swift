internal import Transport
internal import Wire

extension Talk {
    /// Subscribes to an event topic; a snapshot that tells the epoch is left unread.
    func follow(_ topic: Text, _ change: (inout Subscribe) -> Void = { _ in }) throws(Finding)
        -> Subscribed
    {
        var request = Subscribe(id: freshID(), topic: topic)
        change(&request)
        say(.subscribe(request))
        let answer = try subscribed(request.id)
        try demand(answer.kind == .event, "the topic is none of events, but \(answer.kind)")
        return answer
    }

    func event(_ view: UInt64, within time: Interval? = nil) throws(Finding) -> Event {
        try hear("an event", within: time) { said in
            if case .event(let event) = said.message, event.view == view { event } else { nil }
        }
    }

    /// Nothing more comes of a view in the time.
    func noEvent(_ view: UInt64, _ what: String, for time: Interval) throws(Finding) {
        let limit = System.now + time
        while System.now < limit { try take(within: limit.since(System.now)) }
        let count = leftovers {
            if case .event(let event) = $0 { event.view == view } else { false }
        }
        try demand(count == 0, what)
    }
}

extension ServerCheck {
    static let events: [Trial] = [
        Trial("events from now on, and after a cursor", "L15", "S16") { (check) throws(Finding) in
            let topic = try check.eventTopic()
            let talk = try check.ready()
            let before = try talk.append(topic, ["n": 0])
            for encoding in Encoding.allCases {
                let reader = try check.ready(encoding)
                let answer = try reader.follow(topic)
                let sequence = try talk.append(topic, ["n": 1])
                let event = try reader.event(answer.view)
                try demand(
                    event.sequence == sequence && event.data == ["n": 1],
                    "an event is \(event.sequence), and was acknowledged as \(sequence)")
                let cursor = Cursor(
                    epoch: answer.cursor.epoch, version: before, print: answer.cursor.print)
                let later = try check.ready(encoding)
                let again = try later.follow(topic) { $0.cursor = cursor }
                let first = try later.event(again.view)
                try demand(
                    first.sequence == before + 1, "after \(before) came \(first.sequence)")
            }
        },
        Trial("durable names: credit, acknowledgement, delivery again", "L16", "L20", "L18") {
            (check) throws(Finding) in
            let topic = try check.eventTopic()
            let talk = try check.ready()
            let name = check.instance()
            let reader = try check.ready()
            let answer = try reader.follow(topic) {
                $0.name = name
                $0.start = .earliest
                $0.credit = 2
            }
            var sequences: [UInt64] = []
            for n in 0..<5 { sequences.append(try talk.append(topic, .integer(Int64(n)))) }
            let first = try reader.event(answer.view)
            _ = try reader.event(answer.view)
            try demand(first.sequence == sequences[0], "the first event is another")
            try reader.noEvent(
                answer.view, "more events came than there was credit", for: .milliseconds(300))
            reader.say(.ack(Ack(id: answer.id, version: sequences[0])))
            reader.say(.credit(Credit(id: answer.id, amount: 2)))
            _ = try reader.event(answer.view)
            _ = try reader.event(answer.view)
            reader.say(
                .ack(
                    Ack(
                        id: answer.id, version: sequences[0],
                        ranges: [sequences[2]...sequences[2]])))
            try reader.fence()
            reader.cut()
            let later = try check.ready(.messagePack)
            let again = try later.follow(topic) {
                $0.name = name
                $0.credit = 10
            }
            var came: [UInt64] = []
            while came.count < 3 {
                let event = try later.event(again.view)
                came.append(event.sequence)
                if event.sequence == sequences[1] {
                    try demand(event.deliveries > 0, "an event comes again and does not say so")
                }
            }
            try demand(
                came == [sequences[1], sequences[3], sequences[4]],
                "after a cut came \(came) of \(sequences); 1 and 3 were done")
            let newer = try check.ready()
            _ = try newer.follow(topic) { $0.name = name }
            let code = try later.unsubscribed(again.id)
            try demand(code == .replaced, "an older reader under a name was not told 521")
        },
        Trial("not now, never", "L17", "M8") { (check) throws(Finding) in
            let topic = try check.eventTopic()
            let talk = try check.ready()
            let reader = try check.ready()
            let name = check.instance()
            let answer = try reader.follow(topic) {
                $0.name = name
                $0.start = .earliest
                $0.credit = 20
            }
            let one = try talk.append(topic, 1)
            let event = try reader.event(answer.view)
            try demand(event.sequence == one, "the first event is another")
            reader.say(.nack(Nack(id: answer.id, code: .notNow, version: one, after: 600)))
            try reader.fence()
            let two = try talk.append(topic, 2)
            try reader.noEvent(
                answer.view, "a later event came while one was put off", for: .milliseconds(250))
            let again = try reader.event(answer.view)
            try demand(
                again.sequence == one && again.deliveries > 0, "what was put off did not come again"
            )
            let next = try reader.event(answer.view)
            try demand(next.sequence == two, "the later event did not follow")
            reader.say(.nack(Nack(id: answer.id, code: .never, version: one)))
            reader.say(.ack(Ack(id: answer.id, version: two)))
            try reader.fence()
            reader.cut()
            let later = try check.ready()
            let third = try later.follow(topic) {
                $0.name = name
                $0.credit = 20
            }
            let three = try talk.append(topic, 3)
            let last = try later.event(third.view)
            try demand(
                last.sequence == three,
                "\(last.sequence) came again, and was refused for ever or done")
        },
        Trial("the past in pages", "L21", "T11") { (check) throws(Finding) in
            let topic = try check.eventTopic()
            let talk = try check.ready()
            var first: UInt64 = 0
            for n in 0..<7 {
                let sequence = try talk.append(topic, .integer(Int64(n)))
                if n == 0 { first = sequence }
            }
            func page(_ id: UInt64, _ limit: UInt64, _ start: Start?) throws(Finding) -> Wire.Page {
                talk.say(.history(History(id: id, topic: topic, limit: limit, start: start)))
                return try talk.hear("a page") { said in
                    if case .page(let page) = said.message, page.id == id { page } else { nil }
                }
            }
            let last = try page(901, 3, nil)
            try demand(last.events.map { $0.data } == [4, 5, 6], "the last three are others")
            let begin = try page(902, 4, .sequence(first))
            try demand(begin.events.map { $0.data } == [0, 1, 2, 3], "the first four are others")
            guard let next = begin.next else { throw .fail("a page does not say what is next") }
            let rest = try page(903, 10, .sequence(next))
            try demand(rest.events.map { $0.data } == [4, 5, 6], "the next page is another")
        },
    ]
}
