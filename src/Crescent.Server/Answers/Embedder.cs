using Crescent.Engine.Chat;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.OpenAi;
using Crescent.Text.Tokenizers;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Answers;

/// <summary>Embeddings of texts: of what they say, so control tokens spelled out in them are text.</summary>
/// <param name="Vectors">One a text, each of length one.</param>
/// <param name="Tokens">Tokens of all texts.</param>
internal sealed record Embedder(IReadOnlyList<float[]> Vectors, int Tokens)
{
    /// <param name="dimensions">Numbers to keep of each embedding, the first; null for all.</param>
    /// <param name="truncate">Whether a text that does not fit into the context is cut off there.</param>
    /// <exception cref="ApiException">A text has no tokens, or there are fewer dimensions.</exception>
    /// <exception cref="ChatException">A text does not fit, or the engine has no place.</exception>
    public static async Task<Embedder> RunAsync(HttpContext context, ServedModel model, IReadOnlyList<CompletionPrompt> texts, int? dimensions, bool truncate)
    {
        var engine = model.Engine;
        if (dimensions > engine.EmbeddingLength)
        {
            throw ApiException.Invalid("dimensions", $"expected at most {engine.EmbeddingLength}, the model's, found {dimensions}");
        }

        var requests = texts.Select(text => Request(text.Encode(engine.Tokenizer, TextTrust.Plain), truncate ? engine.Context - 1 : int.MaxValue)).ToArray();
        var answers = await PromptBatch.RunAsync(context, model, requests);
        return new Embedder([.. answers.Select(answer => EmbeddingVector.Shorten(answer[0].Embedding!, dimensions ?? engine.EmbeddingLength))], requests.Sum(request => request.Prompt.Count));
    }

    private static ChatRequest Request(int[] ids, int most) => new() { Prompt = ids.Length > most ? ids[..most] : ids, EmbedPrompt = true };
}
