import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
import vouchers.common.models
import vouchers.privacy.fields
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('vouchers', '0001_initial'),
        ('vouchers', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='DayClose',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('business_date', models.DateField(verbose_name='영업일')),
                ('merchants', models.IntegerField(verbose_name='가맹점 수')),
                ('paid', models.BigIntegerField(verbose_name='결제금액')),
                ('refunded', models.BigIntegerField(verbose_name='취소금액')),
                ('payable', models.BigIntegerField(verbose_name='정산금액')),
                ('closed_at', models.DateTimeField(verbose_name='마감일시')),
                ('journal_id', models.UUIDField(null=True, verbose_name='전표번호')),
            ],
            options={
                'verbose_name': '일 마감',
                'verbose_name_plural': '일 마감',
                'ordering': ['-business_date'],
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='SettlementLine',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('business_date', models.DateField(verbose_name='영업일')),
                ('payments', models.IntegerField(verbose_name='결제 건수')),
                ('paid', models.BigIntegerField(verbose_name='결제금액')),
                ('refunds', models.IntegerField(verbose_name='취소 건수')),
                ('refunded', models.BigIntegerField(verbose_name='취소금액')),
                ('carried_in', models.BigIntegerField(verbose_name='이월(전일)')),
                ('payable', models.BigIntegerField(verbose_name='정산금액')),
                ('carried_out', models.BigIntegerField(verbose_name='이월(익일)')),
            ],
            options={
                'verbose_name': '가맹점 정산내역',
                'verbose_name_plural': '가맹점 정산내역',
                'ordering': ['-business_date', 'merchant'],
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='MerchantCategory',
            fields=[
                ('code', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='업종코드')),
                ('name', models.CharField(max_length=60, verbose_name='업종명')),
                ('name_en', models.CharField(max_length=60, verbose_name='영문명')),
                ('mcc', models.CharField(help_text='QR에 넣는 ISO 18245 코드', max_length=4, validators=[django.core.validators.RegexValidator('^\\d{4}$')], verbose_name='MCC')),
            ],
            options={
                'verbose_name': '업종',
                'verbose_name_plural': '업종',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='Merchant',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False, verbose_name='번호')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('code', models.CharField(max_length=10, validators=[django.core.validators.RegexValidator('^M\\d{9}$')], verbose_name='가맹점번호')),
                ('name', models.CharField(max_length=60, verbose_name='상호')),
                ('name_ascii', models.CharField(help_text='QR 표준은 영문·숫자만 허용합니다.', max_length=25, validators=[django.core.validators.RegexValidator('^[\\x20-\\x7e]+$')], verbose_name='영문 상호')),
                ('business_number', models.CharField(max_length=10, validators=[django.core.validators.RegexValidator('^\\d{10}$')], verbose_name='사업자등록번호')),
                ('representative', models.CharField(max_length=40, verbose_name='대표자')),
                ('annual_sales', models.BigIntegerField(default=0, verbose_name='연매출액(원)')),
                ('address', models.CharField(max_length=200, verbose_name='소재지')),
                ('phone', models.CharField(blank=True, max_length=15, verbose_name='전화번호')),
                ('status', models.CharField(choices=[('applied', '신청'), ('active', '등록'), ('suspended', '등록정지'), ('cancelled', '등록취소')], default='applied', max_length=10, verbose_name='상태')),
                ('registered_on', models.DateField(blank=True, null=True, verbose_name='등록일')),
                ('account_bank', models.CharField(blank=True, max_length=3, verbose_name='정산 은행')),
                ('account_number', vouchers.privacy.fields.EncryptedTextField(blank=True, null=True, verbose_name='정산 계좌')),
                ('account_number_index', vouchers.privacy.fields.BlindIndexField(blank=True, null=True, purpose='account_number', source='account_number')),
                ('account_holder', models.CharField(blank=True, max_length=60, verbose_name='예금주')),
                ('dong', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.dong', verbose_name='읍면동')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
                ('partner', models.ForeignKey(blank=True, help_text='이 연계기관의 앱만 이 가맹점의 거래별 QR을 만들고 시민 바코드를 읽습니다. 비워 두면 모든 가맹점 앱이 할 수 있습니다.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.partner', verbose_name='가맹점 앱')),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchants.merchantcategory', verbose_name='업종')),
            ],
            options={
                'verbose_name': '가맹점',
                'verbose_name_plural': '가맹점',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('municipality', 'code'), name='merchant_code_once'), models.UniqueConstraint(fields=('municipality', 'business_number', 'name'), name='merchant_shop_once'), models.CheckConstraint(condition=models.Q(('annual_sales__gte', 0)), name='merchant_sales_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalMerchantBenefit',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), db_index=True, default=vouchers.common.models.uuid7, editable=False, verbose_name='번호')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('rate', models.DecimalField(decimal_places=2, help_text='결제금액에서 바로 빼는 비율입니다. 원 미만은 버립니다.', max_digits=4, verbose_name='할인율(%)')),
                ('valid_from', models.DateField(verbose_name='시작일')),
                ('valid_until', models.DateField(verbose_name='종료일')),
                ('document', models.CharField(help_text='예: 지역경제과-1234 (2026. 11. 2.)', max_length=120, verbose_name='협약 문서')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
                ('merchant', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.merchant', verbose_name='가맹점')),
            ],
            options={
                'verbose_name': 'historical 혜택+ 협약',
                'verbose_name_plural': 'historical 혜택+ 협약',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalMerchant',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), db_index=True, default=vouchers.common.models.uuid7, editable=False, verbose_name='번호')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('code', models.CharField(max_length=10, validators=[django.core.validators.RegexValidator('^M\\d{9}$')], verbose_name='가맹점번호')),
                ('name', models.CharField(max_length=60, verbose_name='상호')),
                ('name_ascii', models.CharField(help_text='QR 표준은 영문·숫자만 허용합니다.', max_length=25, validators=[django.core.validators.RegexValidator('^[\\x20-\\x7e]+$')], verbose_name='영문 상호')),
                ('business_number', models.CharField(max_length=10, validators=[django.core.validators.RegexValidator('^\\d{10}$')], verbose_name='사업자등록번호')),
                ('representative', models.CharField(max_length=40, verbose_name='대표자')),
                ('annual_sales', models.BigIntegerField(default=0, verbose_name='연매출액(원)')),
                ('address', models.CharField(max_length=200, verbose_name='소재지')),
                ('phone', models.CharField(blank=True, max_length=15, verbose_name='전화번호')),
                ('status', models.CharField(choices=[('applied', '신청'), ('active', '등록'), ('suspended', '등록정지'), ('cancelled', '등록취소')], default='applied', max_length=10, verbose_name='상태')),
                ('registered_on', models.DateField(blank=True, null=True, verbose_name='등록일')),
                ('account_bank', models.CharField(blank=True, max_length=3, verbose_name='정산 은행')),
                ('account_holder', models.CharField(blank=True, max_length=60, verbose_name='예금주')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('dong', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.dong', verbose_name='읍면동')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
                ('partner', models.ForeignKey(blank=True, db_constraint=False, help_text='이 연계기관의 앱만 이 가맹점의 거래별 QR을 만들고 시민 바코드를 읽습니다. 비워 두면 모든 가맹점 앱이 할 수 있습니다.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='vouchers.partner', verbose_name='가맹점 앱')),
                ('category', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='merchants.merchantcategory', verbose_name='업종')),
            ],
            options={
                'verbose_name': 'historical 가맹점',
                'verbose_name_plural': 'historical 가맹점',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='MerchantQR',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False, verbose_name='번호')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('terminal', models.CharField(max_length=8, verbose_name='단말번호')),
                ('payload', models.CharField(editable=False, max_length=512, verbose_name='QR 내용')),
                ('retired_at', models.DateTimeField(blank=True, null=True, verbose_name='폐기일시')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='qr_codes', to='merchants.merchant', verbose_name='가맹점')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': '가맹점 QR',
                'verbose_name_plural': '가맹점 QR',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('municipality', 'merchant', 'terminal'), name='merchant_terminal_once')],
            },
        ),
        migrations.CreateModel(
            name='MerchantBenefit',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False, verbose_name='번호')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='등록일시')),
                ('rate', models.DecimalField(decimal_places=2, help_text='결제금액에서 바로 빼는 비율입니다. 원 미만은 버립니다.', max_digits=4, verbose_name='할인율(%)')),
                ('valid_from', models.DateField(verbose_name='시작일')),
                ('valid_until', models.DateField(verbose_name='종료일')),
                ('document', models.CharField(help_text='예: 지역경제과-1234 (2026. 11. 2.)', max_length=120, verbose_name='협약 문서')),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='benefits', to='merchants.merchant', verbose_name='가맹점')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
            ],
            options={
                'verbose_name': '혜택+ 협약',
                'verbose_name_plural': '혜택+ 협약',
                'ordering': ['-valid_from', '-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('rate__gt', 0), ('rate__lt', 50)), name='merchant_benefit_rate_below_half', violation_error_message='할인율은 0%보다 높고 50%보다 낮아야 합니다.'), models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='merchant_benefit_ends_after_it_begins', violation_error_message='종료일은 시작일보다 빠를 수 없습니다.')],
            },
        ),
    ]
