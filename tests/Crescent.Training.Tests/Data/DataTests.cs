using System.Globalization;
using System.Text.RegularExpressions;
using Crescent.Tests;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;
using Crescent.Training.Data;
using Crescent.Training.Data.ToolTasks;
using Crescent.Training.Layers;
using Crescent.Training.Parameters;
using Xunit;

namespace Crescent.Training.Tests.Data;

public sealed partial class DataTests
{
    [Fact]
    public void Only_what_the_assistant_writes_is_learnt()
    {
        var tokenizer = TokenizerFactory.FromPath(SharedData.Path("kimi-k2", "tiktoken.model"));
        var encoder = new ExampleEncoder(tokenizer, TemplateFactory.Create("kimi-k2"));
        var example = Corpora.Read("sgd", SharedData.Path("corpora")).First(example => example.Conversation!.Messages.Any(message => message.ToolCalls.Count > 0));
        var (ids, isLearnt) = (new List<int>(), new List<bool>());
        encoder.Encode(example, ids, isLearnt);

        // The product's own encoder gives the same tokens.
        Assert.Equal(PromptEncoder.Encode(TemplateFactory.Create("kimi-k2").Render(example.Conversation!), tokenizer), ids);
        Assert.Equal(ids.Count, isLearnt.Count);
        var learnt = tokenizer.DecodeText([.. ids.Where((_, i) => isLearnt[i])], showSpecial: true);
        var expected = string.Concat(example.Conversation!.Messages.Where(message => message.Role == "assistant").Select(message => message.ToolCalls is [var call]
            ? $"<|tool_calls_section_begin|><|tool_call_begin|>{call.Id}<|tool_call_argument_begin|>{call.Arguments}<|tool_call_end|><|tool_calls_section_end|><|im_end|>"
            : $"{message.Content}<|im_end|>"));
        Assert.Equal(expected, learnt);
    }

    [Fact]
    public void Dialogues_call_tools_that_they_declare_and_every_result_has_its_call()
    {
        foreach (var example in Corpora.Read("sgd", SharedData.Path("corpora")).Take(500).Concat(Corpora.Read("tm4", SharedData.Path("corpora")).Take(200)).Concat(SyntheticTasks.Make(300, 3)).Concat(ToolTaskMaker.Make(1000, 3)))
        {
            var declared = example.Conversation!.Tools.Select(tool => tool.Json.GetProperty("function")).ToDictionary(function => function.GetProperty("name").GetString()!);
            var calls = new HashSet<string>();
            foreach (var message in example.Conversation.Messages)
            {
                foreach (var call in message.ToolCalls)
                {
                    Assert.Matches($"^functions\\.{call.Name}:[0-9]+$", call.Id);
                    Assert.True(calls.Add(call.Id), $"{example.Key}: {call.Id} twice");
                    var properties = declared[call.Name].GetProperty("parameters").GetProperty("properties");
                    using var arguments = System.Text.Json.JsonDocument.Parse(call.Arguments);
                    Assert.All(
                        declared[call.Name].GetProperty("parameters").GetProperty("required").EnumerateArray(),
                        name => Assert.True(!example.Key.StartsWith("tool-tasks", StringComparison.Ordinal) || arguments.RootElement.TryGetProperty(name.GetString()!, out _), $"{example.Key}: {call.Name} without {name}"));
                    Assert.All(arguments.RootElement.EnumerateObject(), argument => Assert.True(properties.TryGetProperty(argument.Name, out _), $"{example.Key}: {call.Name}.{argument.Name}"));
                }

                Assert.True(message.Role != "tool" || calls.Contains(message.ToolCallId!), example.Key);
            }
        }
    }

    [Fact]
    public void Held_out_books_and_services_are_apart_from_the_trained_ones()
    {
        var corpora = SharedData.Path("corpora");
        var dialogues = Corpora.Read("sgd", corpora).ToArray();
        Assert.InRange(dialogues.Count(example => example.Key.StartsWith("sgd-services:", StringComparison.Ordinal)), 500, 2000);
        Assert.All(dialogues.Where(example => example.Key.StartsWith("sgd-services:", StringComparison.Ordinal)), example => Assert.True(example.IsHeldOut));
        Assert.InRange(dialogues.Count(example => example.IsHeldOut && example.Key.StartsWith("sgd:", StringComparison.Ordinal)), 200, 500);
        Assert.All(dialogues.Where(example => example.IsHeldOut), example => Assert.True(example.Conversation!.Tools.Count >= 8, example.Key));
        Assert.All(dialogues.Where(example => example.IsHeldOut), example => Assert.Equal("Today is Friday, 2019-03-01.", example.Conversation!.Messages[0].Content));
        var intents = ServiceTools.Read(corpora);
        string[] apart = [.. Split.HeldOutServices.SelectMany(service => intents.IntentsOf(service).Select(intent => $"{service}_{intent}"))];
        Assert.All(dialogues.Where(example => !example.IsHeldOut).SelectMany(example => example.Conversation!.Tools), tool =>
            Assert.DoesNotContain(tool.Json.GetProperty("function").GetProperty("name").GetString()!, apart));
        var books = Corpora.Read("eltec-fra", corpora).ToArray();
        Assert.Equal(100, books.Length);
        Assert.Equal(Enumerable.Range(95, 5), Enumerable.Range(0, 100).Where(i => books[i].IsHeldOut));
    }

    [Fact]
    public void Dialogues_move_to_another_day_with_their_dates_and_names()
    {
        var dialogues = Corpora.Read("sgd", SharedData.Path("corpora")).Take(2000).Where(example => !example.IsHeldOut).ToArray();
        var forms = dialogues.SelectMany(example => example.Conversation!.Tools).Select(tool => tool.Json.GetProperty("function").GetProperty("name").GetString()!).ToHashSet();
        Assert.Superset(new HashSet<string> { "Restaurants_2_FindRestaurants", "find_restaurants", "findRestaurants", "restaurants_find_restaurants" }, forms);
        var dated = dialogues.Where(example => example.Conversation!.Messages[0] is { Role: "system" }).ToArray();
        Assert.InRange(dated.Length, dialogues.Length * 3 / 4, dialogues.Length - 1);
        foreach (var example in dated)
        {
            // Every day that is called for is less than a year after today, and named by a weekday that is right.
            var words = example.Conversation!.Messages[0].Content!.Split(' ');
            var today = DateOnly.ParseExact(words[3].TrimEnd('.'), "yyyy-MM-dd", CultureInfo.InvariantCulture);
            Assert.Equal(today.DayOfWeek + ",", words[2]);
            foreach (Match date in IsoDate().Matches(string.Join(' ', example.Conversation.Messages.SelectMany(message => message.ToolCalls).Select(call => call.Arguments))))
            {
                Assert.InRange(DateOnly.ParseExact(date.Value, "yyyy-MM-dd", CultureInfo.InvariantCulture).DayNumber - today.DayNumber, 0, 365);
            }
        }
    }

    [Fact]
    public void Made_up_calls_say_the_days_that_were_asked_for()
    {
        var random = new TrainingRandom(5);
        var (seen, today) = (new HashSet<string>(), new DateOnly(2026, 11, 25)); // a Wednesday
        for (var i = 0; i < 4000; i++)
        {
            var (text, date) = TaskDates.Draw(random, today, isFrench: i % 2 == 1);
            DateOnly? expected = text switch
            {
                "tomorrow" or "demain" => new DateOnly(2026, 11, 26),
                "in 3 days" or "dans 3 jours" => new DateOnly(2026, 11, 28),
                "next Wednesday" or "mercredi prochain" => new DateOnly(2026, 12, 2),
                "next Monday" or "lundi prochain" => new DateOnly(2026, 11, 30),
                "on March 3rd" or "on the 3rd of March" or "on March 3" or "on 3 March" or "le 3 mars" => new DateOnly(2027, 3, 3),
                "on December 12th" or "le 12 décembre" => new DateOnly(2026, 12, 12),
                "le 1er mai" => new DateOnly(2027, 5, 1),
                _ => null,
            };
            if (expected is { } day)
            {
                seen.Add(text);
                Assert.Equal((text, day), (text, date));
            }
        }

        Assert.True(seen.Count >= 10, string.Join(", ", seen));
    }

    [Fact]
    public void The_built_in_models_tools_are_those_of_the_tasks()
    {
        var path = Path.Combine(SharedData.RepositoryRoot(), "recipes", "nano", "tools.json");
        Assert.Equal(TaskTools.Json(), File.ReadAllText(path).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void No_sentence_of_the_first_page_is_trained_on()
    {
        var readme = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot(), "README.md"));
        string[] prompts = [.. Prompt().Matches(readme).Select(match => match.Groups[1].Value.TrimEnd('.')).Where(prompt => prompt.Split(' ').Length > 3)];
        Assert.NotEmpty(prompts);
        string[] said = [.. ToolTaskMaker.Make(12_000, 1).SelectMany(example => example.Conversation!.Messages).Where(message => message.Role == "user").Select(message => message.Content!)];
        Assert.All(prompts, prompt => Assert.DoesNotContain(said, text => text.Contains(prompt, StringComparison.OrdinalIgnoreCase)));
    }

    [Fact]
    public void Every_corpus_can_be_read()
    {
        var corpora = SharedData.Path("corpora");
        foreach (var name in Corpora.Names.Except(["eltec-eng", "eltec-fra", "sgd"]))
        {
            var examples = Corpora.Read(name, corpora).ToArray();
            Assert.True(examples.Length > 1, name);
            Assert.All(examples, example => Assert.False(string.IsNullOrWhiteSpace(example.Fingerprint()), example.Key));
            Assert.Equal(examples.Length, examples.Select(example => example.Key).Distinct().Count());
        }

        Assert.Throws<ArgumentException>(() => Corpora.Read("none", corpora));
        Assert.Throws<FileNotFoundException>(() => CorpusFile.ReadText(corpora, "none.txt"));
    }

    [Fact]
    public void Duplicates_are_dropped_whatever_their_case_and_space()
    {
        var examples = new[] { Example.OfPair("a", "What is it?", "A cat."), Example.OfPair("b", "what  is it?", "a cat."), Example.OfPair("c", "What is it?", "A dog.") };
        Assert.Equal(["a", "c"], new Deduplication().Filter(examples).Select(example => example.Key));
    }

    [Fact]
    public void Batches_cover_the_documents_in_order_and_go_on_from_a_position()
    {
        var (first, second) = (Store(7, 13, 29), Store(50));
        var makers = Enumerable.Range(0, 2).Select(_ => new BatchMaker([(first, 3.0), (second, 1.0)], 9)).ToArray();
        TrainingBatch[] all = [.. Enumerable.Range(0, 12).Select(_ => makers[0].Next(2, 16))];
        for (var i = 0; i < 5; i++)
        {
            makers[1].Next(2, 16);
        }

        var resumed = new BatchMaker([(first, 3.0), (second, 1.0)], 9) { Position = makers[1].Position };
        for (var i = 5; i < 12; i++)
        {
            var batch = resumed.Next(2, 16);
            Assert.Equal(all[i].Tokens, batch.Tokens);
            Assert.Equal(all[i].Targets, batch.Targets);
            Assert.Equal(all[i].Segments, batch.Segments);
        }

        var shares = all.SelectMany(batch => batch.Tokens).GroupBy(token => token >= 1000).ToDictionary(group => group.Key, group => group.Count());
        Assert.InRange((double)shares[false] / shares[true], 2.5, 3.6);
        Assert.All(all, batch => Assert.Equal(batch.Count, batch.Segments.Sum(segment => segment.Length)));
        Assert.All(all.SelectMany(batch => batch.Segments), segment => Assert.Equal(segment.Start / 16, (segment.Start + segment.Length - 1) / 16));
        foreach (var batch in all)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                // Stores hold counting numbers, so the target is the next number, or none at the end.
                Assert.True(batch.Targets[i] == TrainingBatch.NoTarget || batch.Targets[i] == batch.Tokens[i] + 1);
            }
        }

        TokenStore Store(params int[] lengths)
        {
            var store = new TokenStore();
            var next = lengths.Length == 1 ? 1000 : 0;
            foreach (var length in lengths)
            {
                store.Add([.. Enumerable.Range(next, length)], [.. Enumerable.Repeat(true, length)], 64);
                next += 100;
            }

            return store;
        }
    }

    [Fact]
    public void Conversations_stay_whole_and_text_fills_what_is_left()
    {
        var (whole, text) = (new TokenStore(isWhole: true), new TokenStore());
        foreach (var length in new[] { 9, 12, 40, 7 })
        {
            whole.Add([.. Enumerable.Range(1, length)], [.. Enumerable.Repeat(true, length)], 16);
        }

        text.Add([.. Enumerable.Range(1000, 100)], [.. Enumerable.Repeat(true, 100)], 16);
        Assert.Equal([9, 12, 16, 7], Enumerable.Range(0, 4).Select(whole.LengthOf));
        var mixed = new BatchMaker([(whole, 1.0), (text, 1.0)], 3);
        var segments = Enumerable.Range(0, 8).Select(_ => mixed.Next(2, 16)).SelectMany(batch => batch.Segments.Select(segment => batch.Tokens.AsSpan(segment.Start, segment.Length).ToArray())).ToArray();
        Assert.All(segments.Where(tokens => tokens[0] < 1000), tokens => Assert.Equal((1, true), (tokens[0], tokens.Length is 7 or 9 or 12 or 16)));
        Assert.DoesNotContain(segments, tokens => tokens[0] == 0);

        // Alone, they leave the rest of a row empty, without a target.
        var alone = new BatchMaker([(whole, 1.0)], 3).Next(4, 16);
        Assert.Equal(64, alone.Segments.Sum(segment => segment.Length));
        Assert.All(alone.Segments.Where(segment => alone.Tokens[segment.Start] == 0), segment => Assert.All(alone.Targets[segment.Start..(segment.Start + segment.Length)], target => Assert.Equal(TrainingBatch.NoTarget, target)));
        Assert.Throws<ArgumentException>(() => new BatchMaker([(whole, 1.0)], 3).Next(1, 15));
    }

    [Fact]
    public void Synthetic_answers_are_right_and_the_same_from_the_same_seed()
    {
        var first = SyntheticTasks.Make(500, 4).ToArray();
        Assert.Equal(first.Select(example => example.Fingerprint()), SyntheticTasks.Make(500, 4).Select(example => example.Fingerprint()));
        var sums = first.Select(example => example.Conversation!.Messages).Where(messages => messages[0].Content!.StartsWith("What is ", StringComparison.Ordinal) && messages[0].Content!.Contains('+')).ToArray();
        Assert.NotEmpty(sums);
        Assert.All(sums, messages =>
        {
            var numbers = messages[0].Content!["What is ".Length..^1].Split('+').Select(int.Parse).ToArray();
            Assert.Equal((numbers[0] + numbers[1]).ToString(), messages[1].Content);
        });
    }

    [GeneratedRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}")]
    private static partial Regex IsoDate();

    [GeneratedRegex("-p \"([^\"]+)\"")]
    private static partial Regex Prompt();
}
