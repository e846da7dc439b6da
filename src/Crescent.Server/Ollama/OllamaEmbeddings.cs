using System.Text.Json;
using Crescent.Server.Answers;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.Ollama.Wire;
using Crescent.Server.OpenAi;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Ollama;

/// <summary><c>POST /api/embed</c>, and <c>/api/embeddings</c> that came before it</summary>
internal sealed class OllamaEmbeddings(ModelRegistry models, ServerOptions options)
{
    private const int MostInputs = 2048;

    public async Task EmbedAsync(HttpContext context)
    {
        var began = options.Time.GetTimestamp();
        var body = await RequestBody.ReadAsync(context, options.MaxBodyBytes);
        var name = OllamaRequest.NameOf(body);
        var inputs = IsEmptyList(body.Get("input")) ? [] : PromptReader.Read(body, "input", MostInputs);
        var dimensions = body.Count("dimensions", 1);
        using var use = await models.UseAsync(OllamaModels.Find(models, name), context.RequestAborted, KeepAlive.Read(body));
        var loaded = options.Time.GetElapsedTime(began);
        var embedded = await Embedder.RunAsync(context, use.Model, inputs, dimensions, body.Flag("truncate") ?? true);
        var nanoseconds = (long)options.Time.GetElapsedTime(began).TotalNanoseconds;
        await Replies.WriteAsync(context, new EmbedReply(name, embedded.Vectors, nanoseconds, (long)loaded.TotalNanoseconds, embedded.Tokens), OllamaJson.Relaxed.EmbedReply);
    }

    public async Task EmbedOneAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxBodyBytes);
        using var use = await models.UseAsync(OllamaModels.Find(models, OllamaRequest.NameOf(body)), context.RequestAborted, KeepAlive.Read(body));
        CompletionPrompt[] prompts = body.Text("prompt") is { Length: > 0 } prompt ? [new CompletionPrompt(prompt)] : [];
        var embedded = await Embedder.RunAsync(context, use.Model, prompts, dimensions: null, truncate: true);
        await Replies.WriteAsync(context, new OneEmbeddingReply(embedded.Vectors is [var vector] ? vector : []), OllamaJson.Relaxed.OneEmbeddingReply);
    }

    // It loads the model, as an answer to nothing does.
    private static bool IsEmptyList(JsonElement? input) => input is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0;
}
