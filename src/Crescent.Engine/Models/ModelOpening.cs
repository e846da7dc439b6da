using Crescent.Engine.Checkpoints;
using Crescent.Text.Tokenizers;

namespace Crescent.Engine.Models;

/// <summary>What all that open a model do beside loading it.</summary>
public static class ModelOpening
{
    private const long LeastMovedBytes = 16 << 20;

    // What must be left beside the weights: caches, scratch, and everyone else.
    private const long LeastFreeBytes = 2L << 30;

    /// <summary>Loads a model and its tokenizer side by side. Both read the checkpoint, which the caller closes after a failure: none is left running then. The model's error comes before the tokenizer's.</summary>
    public static LanguageModel LoadBeside(Func<Tokenizer> readTokenizer, Func<LanguageModel> loadModel, out Tokenizer tokenizer)
    {
        var reading = Task.Run(readTokenizer);
        LanguageModel? model = null;
        try
        {
            model = loadModel();
            tokenizer = reading.GetAwaiter().GetResult();
            return model;
        }
        catch
        {
            ((IAsyncResult)reading).AsyncWaitHandle.WaitOne();
            model?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// As the first step begins: a model that fits is moved to huge pages once that step is done, which moving would hold up. The file's own pages stay with the system, which takes them back
    /// as it needs, unless the model fits only once; then they are given up as it moves. One that leaves too little room is read ahead; a larger one would only push itself out.
    /// </summary>
    public static void BringIntoMemory(Checkpoint checkpoint, LanguageModel model, ModelOptions options)
    {
        if (model.Streaming is not null)
        {
            // What every token needs moves to memory of its own before the first step, and nothing of the files stays mapped: from here on memory is counted.
            model.MoveWeightsInBackground(forget: true);
            model.WaitUntilMoved();
            checkpoint.ReleasePages();
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            return;
        }

        if (options.MemoryLimit is not null && options.MoveWeights)
        {
            // The limit holds the weights once, so what is moved is given up in the file.
            model.AfterFirstStep = () => model.MoveWeightsInBackground(forget: true);
            return;
        }

        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var fits = memory - checkpoint.TotalBytes >= Math.Max(LeastFreeBytes, memory / 10);
        if (options.MoveWeights && checkpoint.TotalBytes >= LeastMovedBytes && fits)
        {
            model.AfterFirstStep = () => model.MoveWeightsInBackground(forget: checkpoint.TotalBytes >= memory / 20 * 9);
        }
        else if (checkpoint.TotalBytes < memory / 4 * 3)
        {
            checkpoint.PopulateInBackground();
        }
    }

    /// <exception cref="CheckpointException">The tokenizer has tokens that the model has no row for.</exception>
    public static void Check(string path, Tokenizer tokenizer, LanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(model);
        if (tokenizer.VocabularySize > model.Shape.Vocab)
        {
            throw new CheckpointException($"{path}: expected a tokenizer of at most {model.Shape.Vocab} tokens (the embedding's rows), found {tokenizer.VocabularySize}");
        }
    }
}
