using Crescent.Text.Tokenizers;
using Microsoft.Extensions.AI;

namespace Crescent.Engine.Chat.Extensions;

/// <summary>A model in this process as an <see cref="IEmbeddingGenerator"/>: the mean of a text's last hidden states, scaled to length one. Control tokens spelled out in a text are text.</summary>
/// <param name="engine">Where embeddings are made; whoever made it disposes of it.</param>
/// <param name="model">What embeddings name as their model.</param>
public sealed class CrescentEmbeddingGenerator(ChatEngine engine, string model) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly EmbeddingGeneratorMetadata _metadata = new("crescent", defaultModelId: model, defaultModelDimensions: engine.EmbeddingLength);

    /// <inheritdoc/>
    /// <remarks>Texts that are more than the engine runs at once follow each other.</remarks>
    /// <exception cref="ArgumentException">A text has no tokens, or <see cref="EmbeddingGenerationOptions.Dimensions"/> is more than the model has.</exception>
    /// <exception cref="ChatException">A text does not fit into the context, or the engine has no place.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        var dimensions = options?.Dimensions ?? engine.EmbeddingLength;
        if (dimensions < 1 || dimensions > engine.EmbeddingLength)
        {
            throw new ArgumentException($"dimensions: expected 1..{engine.EmbeddingLength}, found {dimensions}", nameof(options));
        }

        var embeddings = new GeneratedEmbeddings<Embedding<float>>();
        var tokens = 0;
        foreach (var batch in values.Chunk(engine.Options.Parallel))
        {
            var requests = Array.ConvertAll(batch, Request);
            tokens += requests.Sum(request => request.Prompt.Count);
            var answers = await Task.WhenAll(requests.Select(request => RunAsync(request, cancellationToken))).ConfigureAwait(false);
            embeddings.AddRange(answers.Select(embedding => new Embedding<float>(EmbeddingVector.Shorten(embedding, dimensions)) { ModelId = model, CreatedAt = TimeProvider.System.GetUtcNow() }));
        }

        embeddings.Usage = new UsageDetails { InputTokenCount = tokens, TotalTokenCount = tokens };
        return embeddings;
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType.IsInstanceOfType(engine) ? engine
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private async Task<IReadOnlyList<float>> RunAsync(ChatRequest request, CancellationToken cancellation)
    {
        using var answer = engine.Submit(request, cancellation);
        return (await CollectedAnswer.ReadAsync(answer, cancellation).ConfigureAwait(false))[0].Embedding!;
    }

    private ChatRequest Request(string text)
    {
        var ids = new List<int>();
        if (engine.Tokenizer is { AddBos: true, BosId: { } bos })
        {
            ids.Add(bos);
        }

        engine.Tokenizer.Encode(text, ids, TextTrust.Plain);
        return new ChatRequest { Prompt = ids, EmbedPrompt = true };
    }
}
