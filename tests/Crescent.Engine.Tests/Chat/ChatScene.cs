using System.Text;
using Crescent.Engine.Chat;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Tests.Models;
using Crescent.Text.Answers;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;
using Xunit;

namespace Crescent.Tests.Chat;

/// <summary>An engine over a small model.</summary>
internal sealed class ChatScene : IDisposable
{
    public ChatScene(string name, Func<ChatEngineOptions, ChatEngineOptions>? adapt = null)
    {
        Model = Open(name);
        Tokenizer = Model.Tokenizer();
        var options = new ChatEngineOptions { Context = 128 };
        Engine = new ChatEngine(Model.Model, Tokenizer, TemplateFactory.Create("plain"), adapt?.Invoke(options) ?? options);
    }

    public LoadedModel Model { get; }

    public Tokenizer Tokenizer { get; }

    public ChatEngine Engine { get; }

    public static ChatRequest Greedy(IReadOnlyList<int> prompt, int tokens = 8) =>
        new() { Prompt = prompt, MaxTokens = tokens, Sampling = new SamplingOptions { Temperature = 0 } };

    public async Task<Answer[]> AskAsync(ChatRequest request)
    {
        using var answer = Engine.Submit(request, TestContext.Current.CancellationToken);
        return await CollectAsync(answer, request);
    }

    public static async Task<Answer[]> CollectAsync(ChatAnswer answer, ChatRequest request)
    {
        var answers = Enumerable.Range(0, request.Choices).Select(_ => new Answer()).ToArray();
        await foreach (var update in answer.ReadAsync(TestContext.Current.CancellationToken))
        {
            answers[update.Choice].Add(update);
        }

        Assert.All(answers, one => Assert.NotNull(one.End));
        return answers;
    }

    /// <summary>The tokens that the generator gives for a request alone, and their text.</summary>
    public static (int[] Ids, string Text) Alone(string name, ChatRequest request)
    {
        using var model = Open(name);
        var tokenizer = model.Tokenizer();
        using var generator = model.Generator(tokenizer: tokenizer);
        var sequence = generator.Add(new GenerationRequest { Prompt = request.Prompt, MaxTokens = request.MaxTokens, Sampling = request.Sampling, StopTokens = [.. tokenizer.StopIds], StopStrings = request.StopStrings });
        generator.Run(sequence, TestContext.Current.CancellationToken);
        return (sequence.GeneratedTokens.ToArray(), sequence.TakeText());
    }

    private static LoadedModel Open(string name) =>
        name == "stories" ? LoadedModel.OpenFile(SharedData.Path("weights", "stories260K", "stories260K.gguf"))
        : File.Exists(name) ? LoadedModel.OpenFile(name)
        : LoadedModel.Open(name);

    public void Dispose()
    {
        Engine.Dispose();
        Model.Dispose();
    }

    internal sealed class Answer
    {
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public List<int> Ids { get; } = [];

        public List<ScoredToken> Scores { get; } = [];

        public IReadOnlyList<ScoredToken?> PromptScores { get; private set; } = [];

        public List<PrefillUpdate> Prefill { get; } = [];

        public EndUpdate? End { get; private set; }

        public void Add(ChatUpdate update)
        {
            Assert.Null(End);
            switch (update)
            {
                case PrefillUpdate prefill:
                    Assert.Empty(Ids);
                    Prefill.Add(prefill);
                    break;
                case PromptUpdate prompt:
                    PromptScores = prompt.Scores;
                    break;
                case PieceUpdate piece:
                    Assert.All(piece.Events, one => Assert.Equal(AnswerEventKind.Text, one.Kind));
                    _text.AppendJoin("", piece.Events.Select(one => one.Text));
                    Ids.AddRange(piece.Ids);
                    Scores.AddRange(piece.Scores);
                    break;
                case EndUpdate end:
                    End = end;
                    break;
            }
        }
    }
}
