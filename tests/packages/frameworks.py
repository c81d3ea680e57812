"""Programs with packages that train for others, or that others are built on."""

import os
import tempfile

import numpy as np

from .running import fill, learned, numbers, plain


def lightning():
    import lightning as L
    import torch
    from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    class Model(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.save_hyperparameters()
            self.net = fill(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)))
            self.losses = []

        def training_step(self, batch, index):
            (x,) = batch
            loss = self.net(x).square().mean()
            self.log("loss", loss, on_epoch=True)
            self.losses.append(loss.item())
            return loss

        def validation_step(self, batch, index):
            self.log("validation", self.net(batch[0]).abs().mean())

        def configure_optimizers(self):
            optimizer = torch.optim.Adam(self.parameters(), lr=0.05)
            return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)]

    data = DataLoader(TensorDataset(numbers(20, 4)), batch_size=5)
    with tempfile.TemporaryDirectory() as folder:
        keep = ModelCheckpoint(folder, monitor="validation")
        trainer = L.Trainer(
            max_epochs=3,
            accelerator="cpu",
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=folder,
            callbacks=[keep, EarlyStopping("validation", patience=5)],
            gradient_clip_val=0.5,
        )
        model = Model()
        trainer.fit(model, data, data)
        again = Model.load_from_checkpoint(keep.best_model_path, weights_only=False)
    tested = trainer.validate(model, data, verbose=False)
    return [model.losses, trainer.callback_metrics, tested, dict(again.net.state_dict())]


def keras():
    os.environ["KERAS_BACKEND"] = "torch"
    import keras
    import torch

    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 1))
    h = keras.layers.Conv2D(4, 3, activation="relu", padding="same")(inputs)
    h = keras.layers.BatchNormalization()(h)
    h = keras.layers.MaxPooling2D()(h)
    h = keras.layers.Flatten()(h)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(h))
    for i, weight in enumerate(model.trainable_weights):
        weight.assign(0.3 * plain(numbers(*weight.shape, seed=i)))
    x, y = plain(numbers(12, 8, 8, 1)), np.arange(12) % 3
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    recurrent = keras.Sequential([keras.layers.Embedding(10, 4), keras.layers.LSTM(5), keras.layers.Dense(1)])
    recurrent(torch.arange(6).reshape(2, 3))
    for i, weight in enumerate(recurrent.trainable_weights):
        weight.assign(0.3 * plain(numbers(*weight.shape, seed=i)))
    attention = keras.layers.MultiHeadAttention(2, 4)
    z = numbers(2, 5, 8)
    attention(z, z)
    for i, weight in enumerate(attention.trainable_weights):
        weight.assign(0.3 * plain(numbers(*weight.shape, seed=i)))
    return [
        history,
        model.predict(x, verbose=0),
        recurrent(torch.arange(6).reshape(2, 3)),
        attention(z, z, use_causal_mask=True),
        keras.ops.einsum("bij,bkj->bik", z, z),
    ]


def diffusers():
    import torch
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        DDPMScheduler,
        EulerDiscreteScheduler,
        UNet2DConditionModel,
        UNet2DModel,
    )

    image, times = numbers(2, 3, 16, 16), torch.tensor([2, 7])
    common = {"sample_size": 16, "block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4}
    unet = UNet2DModel(
        **common, down_block_types=("DownBlock2D", "AttnDownBlock2D"), attention_head_dim=8,
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    )  # fmt: skip
    noise = numbers(2, 3, 16, 16, seed=1)
    scheduler = DDPMScheduler(num_train_timesteps=10)
    noisy = scheduler.add_noise(image, noise, times)
    loss = torch.nn.functional.mse_loss(fill(unet)(noisy, times).sample, noise)
    loss.backward()
    norms = torch.stack([p.grad.norm() for p in unet.parameters()])
    samples = []
    for scheduler in (DDIMScheduler(num_train_timesteps=10), EulerDiscreteScheduler(num_train_timesteps=10)):
        scheduler.set_timesteps(4)
        x = noise * scheduler.init_noise_sigma
        for step in scheduler.timesteps:
            with torch.no_grad():
                said = unet(scheduler.scale_model_input(x, step), step).sample
            x = scheduler.step(said, step, x).prev_sample
        samples.append(x)
    conditional = UNet2DConditionModel(
        **common, in_channels=3, out_channels=3, cross_attention_dim=8, attention_head_dim=4,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )  # fmt: skip
    said = learned(conditional, image.clone(), times, numbers(2, 4, 8), return_dict=False)
    coder = AutoencoderKL(
        block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2, norm_num_groups=4,
        up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    decoded = learned(coder, image.clone(), return_dict=False)
    return [loss, norms, samples, said, decoded]


def stable_baselines3():
    from gymnasium import spaces
    from stable_baselines3.common.distributions import make_proba_distribution
    from stable_baselines3.common.policies import ActorCriticPolicy

    results = []
    for actions in (spaces.Discrete(3), spaces.Box(-1, 1, (2,))):
        policy = ActorCriticPolicy(
            spaces.Box(-1, 1, (4,)), actions, lambda progress: 1e-3, net_arch={"pi": [8], "vf": [8]}
        )
        fill(policy)
        seen = numbers(5, 4)
        chosen, values, _likelihood = policy(seen, deterministic=True)
        again, score, entropy = policy.evaluate_actions(seen, chosen)
        (score.sum() + values.sum() + entropy.sum()).backward()
        results.append([chosen, again, score, entropy, [p.grad for p in policy.parameters()]])
        assert make_proba_distribution(actions) is not None
    return plain(results)


def stable_baselines3_learning():
    import gymnasium
    import torch
    from stable_baselines3 import A2C, DQN, PPO, SAC

    results = []
    torch.manual_seed(0)
    for make, environment, options in (
        (PPO, "CartPole-v1", {"n_steps": 16, "batch_size": 8, "n_epochs": 2}),
        (A2C, "CartPole-v1", {"n_steps": 8}),
        (DQN, "CartPole-v1", {"learning_starts": 10, "batch_size": 8}),
        (SAC, "Pendulum-v1", {"learning_starts": 10, "batch_size": 8}),
    ):
        model = make(
            "MlpPolicy", gymnasium.make(environment), device="cpu", policy_kwargs={"net_arch": [8]}, **options
        )
        before = [p.detach().clone() for p in model.policy.parameters()]
        model.learn(32)
        changed = [not torch.equal(a, b) for a, b in zip(before, model.policy.parameters())]
        with tempfile.TemporaryDirectory() as folder:
            model.save(f"{folder}/model")
            again = make.load(f"{folder}/model")
        seen = np.ones(model.observation_space.shape, "float32")
        same = np.array_equal(
            model.predict(seen, deterministic=True)[0], again.predict(seen, deterministic=True)[0]
        )
        results.append([any(changed), same])
    return results


def pyro():
    import pyro
    import pyro.distributions as dist
    import torch
    from pyro.infer import SVI, Trace_ELBO
    from pyro.infer.autoguide import AutoDelta

    data = numbers(20) * 0.5 + 3

    def model(data):
        mean = pyro.sample("mean", dist.Normal(0.0, 10.0))
        scale = pyro.sample("scale", dist.LogNormal(0.0, 1.0))
        with pyro.plate("data", len(data)):
            pyro.sample("seen", dist.Normal(mean, scale), obs=data)

    pyro.clear_param_store()
    pyro.set_rng_seed(0)
    guide = AutoDelta(model, init_loc_fn=pyro.infer.autoguide.init_to_mean)
    svi = SVI(model, guide, pyro.optim.Adam({"lr": 0.05}), Trace_ELBO())
    losses = [svi.step(data) for _ in range(20)]
    found = {name: value.detach() for name, value in guide.median().items()}
    trace = pyro.poutine.trace(
        pyro.poutine.condition(model, {"mean": torch.tensor(2.0), "scale": torch.tensor(1.5)})
    )
    score = trace.get_trace(data).log_prob_sum()
    flow = dist.transforms.affine_autoregressive(3, hidden_dims=[8])
    fill(flow)
    x = numbers(4, 3)
    y = flow(x)
    mixed = dist.Dirichlet(torch.tensor([1.0, 2.0, 3.0])).log_prob(torch.tensor([0.2, 0.3, 0.5]))
    return [np.array(losses), found, score, y, flow.log_abs_det_jacobian(x, y), mixed]


def pyro_sampling():
    import pyro
    import pyro.distributions as dist
    from pyro.infer import MCMC, NUTS, Predictive

    data = numbers(20) * 0.5 + 3

    def model(data=None):
        mean = pyro.sample("mean", dist.Normal(0.0, 10.0))
        with pyro.plate("data", 20):
            return pyro.sample("seen", dist.Normal(mean, 0.5), obs=data)

    pyro.set_rng_seed(0)
    chain = MCMC(NUTS(model), num_samples=60, warmup_steps=40, disable_progbar=True)
    chain.run(data)
    mean = chain.get_samples()["mean"]
    drawn = Predictive(model, {"mean": mean})()["seen"]
    assert abs(mean.mean() - data.mean()) < 0.2 and drawn.shape == (60, 20)
    return [list(mean.shape)]


def botorch():
    import torch
    from botorch.acquisition import ExpectedImprovement, UpperConfidenceBound
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from botorch.optim import optimize_acqf
    from gpytorch.mlls import ExactMarginalLogLikelihood

    x = torch.linspace(0, 1, 8, dtype=torch.float64)[:, None]
    y = torch.sin(6 * x) + 0.1 * numbers(8, 1, dtype="float64")
    model = SingleTaskGP(x, y)
    marginal = ExactMarginalLogLikelihood(model.likelihood, model)
    fit_gpytorch_mll(marginal)
    model.eval()
    at = torch.linspace(0, 1, 5, dtype=torch.float64)[:, None].requires_grad_()
    said = model.posterior(at)
    expected = ExpectedImprovement(model, best_f=y.max())(at[:, None])
    expected.sum().backward()
    bounds = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    torch.manual_seed(0)
    best, _ = optimize_acqf(UpperConfidenceBound(model, 0.5), bounds, q=1, num_restarts=2, raw_samples=8)
    assert 0 <= best.item() <= 1
    return [said.mean.float(), said.variance.float(), expected.float(), at.grad.float()]


def monai():
    import torch
    from monai.losses import DiceLoss, FocalLoss, TverskyLoss
    from monai.metrics import DiceMetric
    from monai.networks.nets import UNETR, DenseNet121, UNet

    unet = UNet(spatial_dims=3, in_channels=1, out_channels=2, channels=(4, 8), strides=(2,), num_res_units=1)
    unetr = UNETR(1, 2, (16, 16), feature_size=4, hidden_size=12, mlp_dim=16, num_heads=2, spatial_dims=2)
    logits, target = numbers(2, 2, 8, 8).requires_grad_(), torch.arange(128).reshape(2, 1, 8, 8) % 2
    losses = [
        loss(logits, target)
        for loss in (
            DiceLoss(to_onehot_y=True, softmax=True),
            FocalLoss(to_onehot_y=True),
            TverskyLoss(to_onehot_y=True, softmax=True),
        )
    ]
    sum(losses).backward()
    metric = DiceMetric()
    metric(torch.cat([target, 1 - target], 1), torch.cat([target, target], 1))
    return [
        learned(unet.eval(), numbers(1, 1, 8, 8, 8)),
        learned(unetr.eval(), numbers(1, 1, 16, 16)),
        losses,
        logits.grad,
        metric.aggregate(),
        sum(p.numel() for p in DenseNet121(2, 1, 2).parameters()),
    ]


def tensordict():
    import torch
    from tensordict import TensorDict
    from tensordict.nn import TensorDictModule, TensorDictSequential

    data = TensorDict({"a": numbers(3, 4), "inner": {"b": torch.arange(6).reshape(3, 2)}}, batch_size=[3])
    first = TensorDictModule(fill(torch.nn.Linear(4, 5)), in_keys=["a"], out_keys=["h"])
    second = TensorDictModule(torch.tanh, in_keys=["h"], out_keys=["y"])
    net = TensorDictSequential(first, second)
    out = net(data.clone())
    out["y"].sum().backward()
    stacked = torch.stack([data, data], 0)
    return [
        dict(out.flatten_keys(".").items()),
        [p.grad for p in net.parameters()],
        stacked[1, 2]["inner", "b"],
        list(stacked.shape),
        data.apply(lambda x: x + 1)["inner", "b"],
        data.reshape(-1).unsqueeze(0)["a"].shape,
        torch.cat([data, data], 0)["a"],
    ]


PROGRAMS = {
    "lightning": ("lightning lightning_utilities torchmetrics", lightning),
    "keras": ("keras optree h5py namex rich", keras),
    "diffusers": ("diffusers huggingface_hub", diffusers),
    "stable_baselines3": ("stable_baselines3 gymnasium", stable_baselines3),
    "stable_baselines3_learning": ("stable_baselines3 gymnasium", stable_baselines3_learning),
    "pyro": ("pyro pyroapi opt_einsum", pyro),
    "pyro_sampling": ("pyro pyroapi opt_einsum", pyro_sampling),
    "botorch": ("botorch gpytorch linear_operator pyre_extensions", botorch),
    "monai": ("monai", monai),
    "tensordict": ("tensordict pyvers", tensordict),
}
