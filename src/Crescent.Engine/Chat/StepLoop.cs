using Crescent.Engine.Models;
using Crescent.Engine.Runtime;

namespace Crescent.Engine.Chat;

/// <summary>The engine's thread: takes turns in, steps the generator, tells of what came out, until the engine stops. Idle, it takes no processor time.</summary>
internal sealed class StepLoop
{
    private readonly LanguageModel _model;
    private readonly Generator _generator;
    private readonly ChatTurns _turns;
    private readonly MemoryMonitor _memory;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StepLoop(LanguageModel model, Generator generator, ChatTurns turns, MemoryMonitor memory)
    {
        (_model, _generator, _turns, _memory) = (model, generator, turns, memory);
        _thread = new Thread(Run) { IsBackground = true, Name = "chat engine" };
        _thread.Start();
    }

    /// <summary>Ends when the loop does.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Waits for the thread, which was told to stop.</summary>
    public void Join() => _thread.Join();

    private void Run()
    {
        try
        {
            var isBusy = false;
            while (_turns.Wait(isBusy))
            {
                isBusy = Step();
            }
        }
        catch (Exception exception)
        {
            // Whatever went wrong, what the generator holds is in doubt.
            _turns.Fail(new ChatException(ChatFailure.Failed, $"the engine stopped: {exception.GetType().Name}: {exception.Message}", inner: exception));
        }

        _ended.TrySetResult();
    }

    private bool Step()
    {
        _model.Cancellation = _turns.BeginStep();
        _memory.Sample();
        var isBusy = _generator.Step();
        _memory.Sample();
        _turns.EndStep(_generator.LastStepTokens);
        return isBusy;
    }
}
