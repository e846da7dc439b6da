using System.Runtime.InteropServices;
using Crescent.Engine.Runtime;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Runtime;

public sealed class GeneratorTests
{
    private static readonly CancellationToken s_never = CancellationToken.None;

    [Fact]
    public void Greedy_ties_go_to_the_lowest_id()
    {
        using var model = LoadedModel.Open("g-llama");
        var request = Recording.Greedy(TestModels.Tokens()[..10], 1);
        var best = Recording.RunAlone(model, request).Sequence.GeneratedTokens[0];
        Assert.InRange(best, 4, 511);

        // Two more rows of the head like the best one: three equal logits.
        using var folder = new TemporaryFolder();
        var path = folder.File("tied.gguf");
        PatchedModel.Write("g-llama", "output.weight", path, bytes =>
        {
            var row = bytes.Length / 512;
            foreach (var twin in (int[])[3, best == 511 ? 510 : 511])
            {
                bytes.Slice(best * row, row).CopyTo(bytes.Slice(twin * row, row));
            }
        });
        using var tied = LoadedModel.OpenFile(path);
        var recording = Recording.RunAlone(tied, request);
        Assert.Equal(recording.Logits[0][best], recording.Logits[0][3]);
        Assert.Equal(3, recording.Sequence.GeneratedTokens[0]);
    }

    [Fact]
    public void A_stop_token_ends_the_answer_and_is_no_part_of_it()
    {
        using var story = Story();
        var (tokens, text) = story.Answer(20);
        var stop = tokens[12];
        var first = Array.IndexOf(tokens, stop);
        using var generator = story.Model.Generator(tokenizer: story.Tokenizer);
        var sequence = generator.Add(Recording.Greedy([1], 20) with { StopTokens = [stop] });
        generator.Run(sequence, s_never);
        Assert.Equal(FinishReason.Stop, sequence.FinishReason);
        Assert.Equal(tokens[..first], sequence.GeneratedTokens.ToArray());
        Assert.Equal(story.Tokenizer.DecodeText(tokens.AsSpan(0, first), startOfText: false), sequence.TakeText());
        Assert.StartsWith(story.Tokenizer.DecodeText(tokens.AsSpan(0, first), startOfText: false), text, StringComparison.Ordinal);
    }

    [Fact]
    public void Stop_strings_cut_the_text_wherever_the_tokens_end()
    {
        using var story = Story();
        var (_, text) = story.Answer(40);
        for (var start = 0; start + 9 <= text.Length; start += 3)
        {
            // From one character, inside a token, to nine, over several.
            foreach (var length in (int[])[1, 4, 9])
            {
                var stop = text.Substring(start, length);
                using var generator = story.Model.Generator(tokenizer: story.Tokenizer);
                var recording = Recording.Run(story.Model, generator, Recording.Greedy([1], 40) with { StopStrings = [stop] })[0];
                Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], recording.Text.ToString());
                Assert.Equal(FinishReason.Stop, recording.Sequence.FinishReason);
            }
        }
    }

    [Fact]
    public void Of_overlapping_stop_strings_the_first_to_be_complete_cuts()
    {
        using var story = Story();
        var (_, text) = story.Answer(40);
        var inner = text.Substring(12, 3);
        var outer = text.Substring(10, 8);
        Assert.Equal(12, text.IndexOf(inner, StringComparison.Ordinal));
        using var generator = story.Model.Generator(tokenizer: story.Tokenizer);
        var recording = Recording.Run(story.Model, generator, Recording.Greedy([1], 40) with { StopStrings = [outer, inner] })[0];
        Assert.Equal(text[..12], recording.Text.ToString());
    }

    [Fact]
    public void A_stop_string_that_never_comes_changes_nothing()
    {
        using var story = Story();
        var (_, text) = story.Answer(40);
        using var generator = story.Model.Generator(tokenizer: story.Tokenizer);
        // It begins with the text's last character, so the end is held back.
        var recording = Recording.Run(story.Model, generator, Recording.Greedy([1], 40) with { StopStrings = [text[^1] + "\u0001"] })[0];
        Assert.Equal(text, recording.Text.ToString());
        Assert.Equal(FinishReason.Length, recording.Sequence.FinishReason);
    }

    [Fact]
    public void The_end_of_the_context_ends_the_answer()
    {
        using var model = LoadedModel.Open("g-llama");
        var recording = Recording.RunAlone(model, Recording.Greedy(TestModels.Tokens()[..5], int.MaxValue), context: 12);
        Assert.Equal(FinishReason.Length, recording.Sequence.FinishReason);
        Assert.Equal(12, recording.Sequence.Tokens.Length);
    }

    [Fact]
    public void No_tokens_asked_for_gives_an_empty_answer()
    {
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator();
        var sequence = generator.Add(Recording.Greedy([1, 2], 0));
        Assert.Equal(FinishReason.Length, sequence.FinishReason);
        Assert.True(sequence.GeneratedTokens.IsEmpty);
        Assert.False(generator.Step());
        Assert.Equal(0, generator.Pages.AllocatedBytes);
    }

    [Fact]
    public void Prompts_that_cannot_be_run_are_refused_with_their_numbers()
    {
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator(context: 16);
        Refused([], "at least one token");
        Refused(new int[16], "16 tokens", "context of 16");
        Refused(new int[99], "99 tokens", "context of 16");
        Refused([1, 512], "512", "vocabulary of 512");
        Refused([1, -1], "-1", "vocabulary of 512");
        Assert.False(generator.Step());

        void Refused(int[] prompt, params string[] words)
        {
            var exception = Assert.Throws<ArgumentException>(() => generator.Add(Recording.Greedy(prompt)));
            Assert.All(words, word => Assert.Contains(word, exception.Message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Scoring_an_empty_text_or_a_token_outside_the_vocabulary_is_refused()
    {
        using var model = LoadedModel.Open("g-llama");
        Assert.ThrowsAny<ArgumentException>(() => model.Score([], 1));
        var exception = Assert.ThrowsAny<ArgumentException>(() => model.Score([5, 512], 2));
        Assert.Contains("512", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelling_frees_the_pages()
    {
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator(sequences: 2, pages: 8);
        var running = generator.Add(Recording.Greedy(TestModels.Tokens()[..40], 50));
        var waiting = generator.Add(Recording.Greedy(TestModels.Tokens()[20..60], 50));
        for (var i = 0; i < 5; i++)
        {
            Assert.True(generator.Step());
        }

        Assert.True(generator.Pages.Available < 8);
        Generator.Cancel(running);
        Generator.Cancel(waiting);
        Assert.False(generator.Step());
        Assert.Equal(FinishReason.Cancelled, running.FinishReason);
        Assert.Equal(FinishReason.Cancelled, waiting.FinishReason);
        Assert.Equal(8, generator.Pages.Available);
        generator.Pages.CheckIntegrity();
    }

    [Fact]
    public void A_cancelled_token_ends_a_run_and_frees_its_pages()
    {
        using var model = LoadedModel.Open("g-llama");
        using var generator = model.Generator(pages: 4);
        var sequence = generator.Add(Recording.Greedy(TestModels.Tokens()[..40], 50));
        using var cancellation = new CancellationTokenSource();
        generator.Step();
        cancellation.Cancel();
        generator.Run(sequence, cancellation.Token);
        Assert.Equal(FinishReason.Cancelled, sequence.FinishReason);
        Assert.Equal(4, generator.Pages.Available);
    }

    [Fact]
    public void Logits_that_are_not_finite_fail_the_answer_and_name_the_position()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("nan.gguf");
        PatchedModel.Write("g-llama", "output_norm.weight", path, bytes => MemoryMarshal.Cast<byte, float>(bytes)[5] = float.NaN);
        using var model = LoadedModel.OpenFile(path);
        using var generator = model.Generator(pages: 4);
        var sequence = generator.Add(Recording.Greedy(TestModels.Tokens()[..7], 5));
        generator.Run(sequence, s_never);
        Assert.Equal(FinishReason.Failed, sequence.FinishReason);
        Assert.Contains("position 6", sequence.Error, StringComparison.Ordinal);
        Assert.True(sequence.GeneratedTokens.IsEmpty);
        Assert.False(generator.Step());
        Assert.Equal(4, generator.Pages.Available);
    }

    [Fact]
    public void One_failing_sequence_leaves_the_others_alone()
    {
        // Only one token's embedding is damaged: sequences without it are sound.
        using var folder = new TemporaryFolder();
        var path = folder.File("nan.gguf");
        PatchedModel.Write("g-llama", "token_embd.weight", path, bytes => MemoryMarshal.Cast<byte, float>(bytes)[(7 * (bytes.Length / 4 / 512)) + 1] = float.PositiveInfinity);
        using var model = LoadedModel.OpenFile(path);
        var sound = Recording.Greedy([1, 2, 3, 4], 6);
        var expected = Recording.RunAlone(model, sound);
        using var generator = model.Generator(sequences: 2);
        var both = Recording.Run(model, generator, Recording.Greedy([5, 7, 6], 6), sound);
        Assert.Equal(FinishReason.Failed, both[0].Sequence.FinishReason);
        Assert.Contains("position 2", both[0].Sequence.Error, StringComparison.Ordinal);
        Recording.AssertSame(expected, both[1]);
    }

    private static StoryModel Story() => new();

    private sealed class StoryModel : IDisposable
    {
        public LoadedModel Model { get; } = LoadedModel.OpenFile(SharedData.Path("weights", "stories260K", "stories260K.gguf"));

        public Text.Tokenizers.Tokenizer Tokenizer => field ??= Model.Tokenizer();

        public (int[] Tokens, string Text) Answer(int tokens)
        {
            using var generator = Model.Generator(tokenizer: Tokenizer);
            var recording = Recording.Run(Model, generator, Recording.Greedy([1], tokens))[0];
            Assert.Equal(tokens, recording.Sequence.GeneratedTokens.Length);
            return (recording.Sequence.GeneratedTokens.ToArray(), recording.Text.ToString());
        }

        public void Dispose() => Model.Dispose();
    }
}
