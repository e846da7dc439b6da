using System.Text;
using Crescent.Text.Templates;
using Crescent.Text.Tokenizers.Training;
using Crescent.Training.Data;

namespace Crescent.Training.Runs;

/// <summary>The tokenizer that a run trains for itself, on what is not held out.</summary>
internal static class TokenizerTraining
{
    public const string FolderName = "tokenizer";

    private const int SliceCharacters = 1 << 20;

    /// <summary>The folder of the run's tokenizer, trained unless the run goes on with one.</summary>
    public static string Ensure(RunOptions options, string corpora, bool resume, Action<string>? report)
    {
        var folder = Path.Combine(options.Output, FolderName);
        if (resume && File.Exists(Path.Combine(folder, "tiktoken.model")))
        {
            return folder;
        }

        var trainer = new BpeTrainer();
        foreach (var source in options.Sources.Where(source => !DataSet.IsMade(source.Name)))
        {
            AddSource(trainer, source, corpora, options.Tokenizer.TextBytes);
        }

        var tokens = trainer.Train(options.Tokenizer.Ranks);
        RankFileWriter.Write(folder, tokens);
        report?.Invoke($"tokenizer: {tokens.Count} tokens from {trainer.PieceCount} distinct pieces");
        return folder;
    }

    // The same number of bytes of every source, so that each of the languages has its part: of books a slice of each.
    private static void AddSource(BpeTrainer trainer, SourceOptions source, string corpora, long bytes)
    {
        foreach (var example in Corpora.Read(source.Name, corpora).Where(example => !example.IsHeldOut))
        {
            var text = example.Text ?? TextOf(example.Conversation!);
            var utf8 = Encoding.UTF8.GetBytes(text.Length > SliceCharacters / 8 ? text[..(SliceCharacters / 8)] : text);
            trainer.Add(utf8);
            bytes -= utf8.Length;
            if (bytes <= 0)
            {
                return;
            }
        }
    }

    // All that a conversation's tokens are made of, declared tools included.
    private static string TextOf(PromptRequest conversation) => string.Join(
        '\n',
        conversation.Tools.Select(tool => tool.Json.GetRawText()).Concat(conversation.Messages.SelectMany(message => message.ToolCalls.SelectMany(call => new[] { call.Id, call.Arguments }).Prepend(message.Content))));
}
