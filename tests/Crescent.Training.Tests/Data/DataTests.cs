using Crescent.Tests;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;
using Crescent.Training.Data;
using Crescent.Training.Layers;
using Xunit;

namespace Crescent.Training.Tests.Data;

public sealed class DataTests
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
        foreach (var example in Corpora.Read("sgd", SharedData.Path("corpora")).Take(500).Concat(Corpora.Read("tm4", SharedData.Path("corpora")).Take(200)).Concat(SyntheticTasks.Make(300, 3)))
        {
            var declared = example.Conversation!.Tools.Select(tool => tool.Json.GetProperty("function")).ToDictionary(function => function.GetProperty("name").GetString()!);
            var calls = new HashSet<string>();
            foreach (var message in example.Conversation.Messages)
            {
                foreach (var call in message.ToolCalls)
                {
                    Assert.True(calls.Add(call.Id), $"{example.Key}: {call.Id} twice");
                    var properties = declared[call.Name].GetProperty("parameters").GetProperty("properties");
                    using var arguments = System.Text.Json.JsonDocument.Parse(call.Arguments);
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
        Assert.Contains(dialogues, example => example.IsHeldOut);
        Assert.All(dialogues.Where(example => !example.IsHeldOut).SelectMany(example => example.Conversation!.Tools), tool =>
            Assert.DoesNotContain(Split.HeldOutServices, service => tool.Json.GetProperty("function").GetProperty("name").GetString()!.StartsWith(service + "_", StringComparison.Ordinal)));
        var books = Corpora.Read("eltec-fra", corpora).ToArray();
        Assert.Equal(100, books.Length);
        Assert.Equal(Enumerable.Range(95, 5), Enumerable.Range(0, 100).Where(i => books[i].IsHeldOut));
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
}
