using Crescent.Server.Answers;
using Crescent.Server.Http;
using Crescent.Server.Models;
using Crescent.Server.OpenAi.Wire;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.OpenAi;

/// <summary><c>POST /v1/embeddings</c></summary>
internal sealed class EmbeddingsEndpoint(ModelRegistry models, ServerOptions options)
{
    private const int MostInputs = 2048; // OpenAI's

    public async Task AnswerAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxBodyBytes);
        var inputs = PromptReader.Read(body, "input", MostInputs);
        var isBase64 = IsBase64(body);
        var dimensions = body.Count("dimensions", 1);
        using var use = await models.UseAsync(body.Text("model"), context.RequestAborted);
        var model = use.Model;
        var embedded = await Embedder.RunAsync(context, model, inputs, dimensions, truncate: false);
        await Replies.WriteAsync(
            context,
            new EmbeddingList(
                [.. embedded.Vectors.Select((vector, index) => new EmbeddingItem(index, new EmbeddingValues(vector, isBase64)))],
                body.Text("model") ?? model.Name,
                new EmbeddingUsage(embedded.Tokens, embedded.Tokens)),
            OpenAiJson.Relaxed.EmbeddingList);
    }

    private static bool IsBase64(in JsonFields body) => body.Text("encoding_format") switch
    {
        null or "float" => false,
        "base64" => true,
        _ => throw ApiException.Invalid("encoding_format", "expected float or base64, found another string"),
    };
}
